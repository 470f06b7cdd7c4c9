//! What may leave: nothing in the clear, and nothing to a private network, unless it is allowed by name.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use proxymeter::notify::error::NotifyError;
use proxymeter::notify::webhook::{Format, Settings, Webhook};

use super::samples::firing;
use super::server::{Act, Server, reply};
use super::{now, render, secret, settings};

/// What becomes of a message to this URL.
async fn sent(url: &str, allow_private: bool) -> Result<String, NotifyError> {
    let settings =
        Settings { allow_private, timeout: Duration::from_secs(4), ..settings(Format::Slack, url) };
    let webhook = Webhook::new(settings).unwrap();
    render(&webhook, &firing(), "https://recipient.example").send(&webhook, now()).await
}

#[tokio::test]
async fn a_private_address_is_refused_in_every_disguise_and_by_name() {
    let server = Server::start(reply(200, "", "")).await;
    let port = server.address.port();
    for host in [
        "127.0.0.1",
        "0x7f.1",
        "2130706433",
        "017700000001",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "0.0.0.0",
        "[::]",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "[fd00::1]",
        "[fe80::1]",
        "localhost",
        "LOCALHOST",
    ] {
        let told = sent(&format!("https://{host}:{port}/canary"), false).await;
        let Err(NotifyError::Refused(text)) = &told else { panic!("{host}: {told:?}") };
        assert!(text.contains("has a private address: allow_private = true"), "{host}: {text}");
        assert!(!text.contains("canary"), "{text}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn plain_http_is_refused_unless_it_is_allowed() {
    let server = Server::start(reply(200, "", "")).await;
    let refused = sent("http://chat.example/canary?key=canary", false).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "refused: http://chat.example is not encrypted: use https, or allow_private = true where the network is your own"
    );
    assert_eq!(sent(&server.url(), true).await.unwrap(), "200 OK");
    let by_name = format!("http://localhost:{}/hook", server.address.port());
    assert_eq!(sent(&by_name, true).await.unwrap(), "200 OK");
    let refused = sent("ftp://chat.example/canary", true).await.unwrap_err();
    assert_eq!(refused.to_string(), "refused: the url has to start with https://");
}

#[tokio::test]
async fn f28_what_was_surely_not_taken_is_tried_later() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let plain = Server::start(Act::Close).await;
    let silent = Server::start(Act::HangAtOnce).await;
    let unknown = sent("https://nowhere.invalid/canary", false).await.unwrap_err();
    assert!(unknown.to_string().starts_with("no connection to https://nowhere.invalid: "), "{unknown}");
    for (url, wanted) in [
        (format!("http://{free}/canary"), "no connection to http://127.0.0.1:"),
        // Something else than TLS, and a handshake that never ends.
        (format!("https://{}/canary", plain.address), "no connection to https://127.0.0.1:"),
        (format!("https://{}/canary", silent.address), "no connection to https://127.0.0.1:"),
        ("https://nowhere.invalid/canary".to_owned(), "no connection to https://nowhere.invalid: "),
        ("not a url canary".to_owned(), "what stands in its place is no url: "),
    ] {
        let told = sent(&url, true).await;
        let Err(NotifyError::Later { answer, retry_after: None }) = told else { panic!("{url}: {told:?}") };
        assert!(answer.starts_with(wanted) && !answer.contains("canary"), "{url}: {answer}");
    }
}

#[tokio::test]
async fn a_certificate_of_ones_own_authority_is_trusted_by_ca_file_alone() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, made.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let port = serve_tls(config.into());

    let sent = async |host: &str, ca_file: Option<PathBuf>| {
        let url = format!("https://{host}:{port}/canary");
        let webhook = Webhook::new(Settings { ca_file, ..settings(Format::Slack, &url) }).unwrap();
        render(&webhook, &firing(), &url).send(&webhook, now()).await
    };
    assert_eq!(sent("localhost", Some(ca_file.clone())).await.unwrap(), "200 OK");
    for (host, ca_file, problem) in [
        ("localhost", None, "invalid peer certificate: UnknownIssuer"),
        ("127.0.0.1", Some(ca_file), "invalid peer certificate: certificate not valid for name"),
    ] {
        let told = sent(host, ca_file).await;
        let Err(NotifyError::Later { answer, .. }) = told else { panic!("{host}: {told:?}") };
        let wanted = format!("no TLS with https://{host}:{port}: {problem}");
        assert!(answer.starts_with(&wanted) && !answer.contains("canary"), "{answer}");
    }
}

/// Answers whatever comes by TLS; its port. Its thread ends with the process.
fn serve_tls(config: Arc<rustls::ServerConfig>) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let session = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut stream = rustls::StreamOwned::new(session, stream.unwrap());
            let mut bytes = [0; 64 * 1024];
            // One that was refused ends here.
            if stream.read(&mut bytes).is_ok_and(|count| count > 0) {
                let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
                stream.write_all(answer).and_then(|()| stream.flush()).unwrap();
            }
        }
    });
    port
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_is_waited_for() {
    let url = "https://chat.example/canary";
    let broken = || Err("receivers.ops.webhook.url_file: /run/url: no such file".to_owned());
    let no_url = Settings { url: Arc::new(broken), ..settings(Format::Slack, url) };
    let bad_key = Settings { secret: Some(secret("whsec_c2hvcnQ=")), ..settings(Format::Generic, url) };
    let no_topic = settings(Format::Ntfy, "https://ntfy.example/");
    for (settings, wanted) in [
        (no_url, "receivers.ops.webhook.url_file: /run/url: no such file"),
        (
            bad_key,
            "line 1 of the secret is a key of 5 bytes; wanted whsec_ and base64 of 24 to 64 bytes, one key a line",
        ),
        (no_topic, "the url of an ntfy topic ends in the topic, such as https://ntfy.sh/topic"),
    ] {
        let webhook = Webhook::new(settings).unwrap();
        let told = render(&webhook, &firing(), url).send(&webhook, now()).await;
        assert_eq!(told, Err(NotifyError::later(wanted)));
    }
}

#[test]
fn what_is_configured_wrong_is_said_at_the_start() {
    let url = "https://chat.example/canary";
    let folder = tempfile::tempdir().unwrap();
    let (absent, empty) = (folder.path().join("absent.pem"), folder.path().join("empty.pem"));
    std::fs::write(&empty, "nothing").unwrap();
    let with = |path: &PathBuf| Settings { ca_file: Some(path.clone()), ..settings(Format::Slack, url) };
    let no_key = Settings { secret: None, ..settings(Format::PagerDuty, url) };
    for (settings, wanted) in [
        (with(&absent), format!("ca_file {}: No such file or directory (os error 2)", absent.display())),
        (
            with(&empty),
            format!("ca_file {}: holds no certificate in PEM (-----BEGIN CERTIFICATE-----)", empty.display()),
        ),
        (
            no_key,
            "format = \"pagerduty\" needs the routing key of the service: name its file in secret_file"
                .to_owned(),
        ),
    ] {
        assert_eq!(Webhook::new(settings).unwrap_err().to_string(), wanted);
    }
}
