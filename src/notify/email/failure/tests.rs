use super::*;

fn peer() -> Peer {
    Peer { host: "mail.example.com".to_owned(), port: 587, ca_file: None }
}

fn answered(stage: Stage, code: u16) -> NotifyError {
    Failure { stage, what: What::Answered { code, text: "so it is".to_owned() } }.judge(&peer())
}

fn word(error: &NotifyError) -> &'static str {
    match error {
        NotifyError::Refused(_) => "refused",
        NotifyError::Gone(_) => "gone",
        NotifyError::Later { .. } => "later",
        NotifyError::Unknown(_) => "unknown",
    }
}

#[test]
fn an_answer_is_judged_by_its_code_and_its_place() {
    for (stage, code, expected) in [
        (Stage::Connect, 554, "later"),
        (Stage::Connect, 421, "later"),
        (Stage::Encrypt, 454, "later"),
        (Stage::Encrypt, 501, "later"),
        (Stage::Authenticate, 535, "later"),
        (Stage::Authenticate, 454, "later"),
        (Stage::Sender, 530, "later"),
        (Stage::Sender, 450, "later"),
        (Stage::Sender, 553, "refused"),
        (Stage::Recipient, 421, "later"),
        (Stage::Recipient, 451, "later"),
        (Stage::Recipient, 550, "refused"),
        (Stage::Data, 451, "later"),
        (Stage::Data, 554, "refused"),
        (Stage::End, 421, "later"),
        (Stage::End, 452, "later"),
        (Stage::End, 554, "refused"),
    ] {
        assert_eq!(word(&answered(stage, code)), expected, "{stage:?} {code}");
    }
}

#[test]
fn f26_only_after_the_last_dot_a_broken_connection_leaves_open_whether_it_was_taken() {
    for stage in Stage::ALL {
        let expected = if stage == Stage::End { "unknown" } else { "later" };
        assert_eq!(word(&Failure::broken(stage, "reset").judge(&peer())), expected, "{stage:?}");
        let silent = Failure::silent(stage, Duration::from_secs(30));
        assert_eq!(word(&silent.judge(&peer())), expected, "{stage:?}");
    }
}

#[test]
fn progress_is_the_stage_that_was_reached_last() {
    let progress = Progress::default();
    assert_eq!(progress.stage(), Stage::Connect);
    for stage in Stage::ALL {
        progress.reach(stage);
        assert_eq!(progress.stage(), stage);
    }
}

#[test]
fn people_read_what_to_do() {
    let with_file = Peer { ca_file: Some("/etc/ca.pem".into()), ..peer() };
    let untrusted = |why| Failure { stage: Stage::Encrypt, what: What::Untrusted(why) };
    let texts = [
        answered(Stage::Authenticate, 535).to_string(),
        answered(Stage::Recipient, 550).to_string(),
        answered(Stage::Recipient, 451).to_string(),
        answered(Stage::Connect, 554).to_string(),
        Failure::silent(Stage::Connect, Duration::from_secs(30)).judge(&peer()).to_string(),
        Failure::silent(Stage::End, Duration::from_secs(30)).judge(&peer()).to_string(),
        untrusted(CertificateError::UnknownIssuer).judge(&peer()).to_string(),
        untrusted(CertificateError::UnknownIssuer).judge(&with_file).to_string(),
        untrusted(CertificateError::BadSignature).judge(&with_file).to_string(),
        untrusted(CertificateError::NotValidForName).judge(&peer()).to_string(),
        untrusted(CertificateError::Expired).judge(&peer()).to_string(),
        untrusted(CertificateError::Revoked).judge(&peer()).to_string(),
    ];
    insta::assert_snapshot!(texts.join("\n"));
}
