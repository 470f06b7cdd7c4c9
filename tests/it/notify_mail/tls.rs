//! Encryption: what is asked for is there, or nothing is sent.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use proxymeter::notify::email::{Email, Settings, SetupError, Tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use super::server::{Server, python};
use super::{email, file, is_later, plain, send_to_ops, settings};

/// A signer, and a certificate of it for the tests' server.
pub(super) struct Signed {
    folder: TempDir,
    pub(super) ca_file: PathBuf,
}

/// No two signers have one name: else it is the signature that does not hold.
static SIGNERS: AtomicUsize = AtomicUsize::new(0);

/// Signs for this name, up to the end of this year.
pub(super) fn signed(name: &str, last_year: i32) -> Signed {
    let folder = tempfile::tempdir().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let number = SIGNERS.fetch_add(1, Ordering::Relaxed);
    ca.distinguished_name.push(DnType::CommonName, format!("signer {number}"));
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    leaf.not_after = rcgen::date_time_ymd(last_year, 12, 31);
    let key = KeyPair::generate().unwrap();
    let leaf = leaf.signed_by(&key, &ca).unwrap();
    file(&folder, "leaf.pem", &leaf.pem());
    file(&folder, "key.pem", &key.serialize_pem());
    let ca_file = file(&folder, "ca.pem", &ca.pem());
    Signed { folder, ca_file }
}

impl Signed {
    /// A server that shows the certificate.
    pub(super) async fn serve(&self, tls: &str, more: &[&str]) -> Option<Server> {
        let path = |name: &str| self.folder.path().join(name).into_os_string().into_string().unwrap();
        let (leaf, key) = (path("leaf.pem"), path("key.pem"));
        let mut arguments = vec!["--tls", tls, "--certificate", &leaf, "--key", &key];
        arguments.extend(more);
        Some(Server::start(&python().await?, &arguments).await)
    }
}

#[tokio::test]
async fn a_mail_goes_encrypted_by_starttls_and_from_the_first_byte() {
    let signed = signed("localhost", 2999);
    for (name, tls) in [("starttls", Tls::Starttls), ("implicit", Tls::Implicit)] {
        let Some(mut server) = signed.serve(name, &[]).await else { return };
        let ca_file = Some(signed.ca_file.clone());
        let email =
            email(Settings { tls, ca_file, hello: Some("host.example.com".into()), ..settings(server.port) });
        for _ in 0..2 {
            assert_eq!(send_to_ops(&email).await, Ok("250 2.0.0 taken".to_owned()), "{name}");
            let mail = server.mail().await;
            assert_eq!(
                (&mail["was_encrypted"], &mail["greeting"]),
                (&true.into(), &"host.example.com".into())
            );
        }
        assert_eq!(server.connections, 1);
    }
}

#[tokio::test]
async fn without_the_starttls_that_is_asked_for_nothing_is_sent_in_plain() {
    let Some((mut server, _)) = plain().await else { return };
    let signed = signed("localhost", 2999);
    let ca_file = Some(signed.ca_file.clone());
    let email = email(Settings { tls: Tls::Starttls, ca_file, ..settings(server.port) });
    let result = send_to_ops(&email).await;
    assert!(is_later(&result, "offers no STARTTLS, and nothing is sent in plain"), "{result:?}");
    server.no_mail().await;
}

#[tokio::test]
async fn a_refused_starttls_is_no_reason_to_go_on_in_plain() {
    let signed = signed("localhost", 2999);
    let Some(mut server) = signed.serve("starttls", &[]).await else { return };
    let ca_file = Some(signed.ca_file.clone());
    let email = email(Settings { tls: Tls::Starttls, ca_file, ..settings(server.port) });
    server.plan(serde_json::json!({ "STARTTLS": "454 4.7.0 not available" })).await;
    let result = send_to_ops(&email).await;
    assert!(is_later(&result, "starting TLS: 454 4.7.0 not available"), "{result:?}");
    server.no_mail().await;
}

#[tokio::test]
async fn a_certificate_that_does_not_hold_is_named_with_what_to_do() {
    let ours = signed("localhost", 2999);
    for (theirs, ca_file, part) in [
        (
            signed("localhost", 2999),
            Some(&ours),
            format!("not signed by what ca_file {}", ours.ca_file.display()),
        ),
        (signed("localhost", 2999), None, "name its signer's certificate in ca_file".to_owned()),
        (signed("other.example.com", 2999), Some(&ours), "is for another name than localhost".to_owned()),
        (signed("localhost", 2020), Some(&ours), "has expired".to_owned()),
    ] {
        // Only where the signer itself is the fault, it is another one.
        let is_signer = part.contains("ca_file");
        let ca_file =
            ca_file.map(|ours| if is_signer { ours.ca_file.clone() } else { theirs.ca_file.clone() });
        for (name, tls) in [("starttls", Tls::Starttls), ("implicit", Tls::Implicit)] {
            let Some(mut server) = theirs.serve(name, &[]).await else { return };
            let email = email(Settings { tls, ca_file: ca_file.clone(), ..settings(server.port) });
            let result = send_to_ops(&email).await;
            assert!(is_later(&result, &part), "{name}, {part}: {result:?}");
            server.no_mail().await;
        }
    }
}

#[test]
fn a_ca_file_that_cannot_be_used_is_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent.pem");
    let empty = file(&folder, "empty.pem", "no certificate\n");
    for (path, part) in [(absent, "No such file"), (empty, "no certificate in PEM")] {
        let settings = Settings { tls: Tls::Starttls, ca_file: Some(path.clone()), ..settings(587) };
        let error = Email::new(settings).unwrap_err();
        assert!(matches!(error, SetupError::CaFile { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(path.to_str().unwrap()) && text.contains(part), "{text}");
    }
}
