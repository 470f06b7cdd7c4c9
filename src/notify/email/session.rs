//! One connection to the server: opened, encrypted, logged in, and a mail handed over on it.

use std::iter;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::address::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Response, Severity};
use secrecy::{ExposeSecret as _, SecretString};

use super::failure::{self, Failure, Progress, Stage};
use crate::notify::SecretReader;

/// How to reach the server.
pub(super) struct Route {
    /// Its name.
    pub(super) host: String,
    /// Its port.
    pub(super) port: u16,
    /// Whether TLS is there from the first byte on.
    pub(super) is_implicit: bool,
    /// How certificates are checked; without it, nothing is encrypted.
    pub(super) tls: Option<TlsParameters>,
    /// The name to greet by.
    pub(super) hello: ClientId,
    /// User name and password.
    pub(super) credentials: Option<(String, SecretReader)>,
    /// How long each of the server's addresses may take to be connected to.
    pub(super) patience: Duration,
}

/// An open connection.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
    login: Option<Login>,
}

struct Login {
    user: String,
    password: SecretString,
}

impl Session {
    /// A connection on which a mail can begin.
    pub(super) async fn open(route: &Route, progress: &Progress) -> Result<Self, Failure> {
        progress.reach(Stage::Connect);
        let at_once = if route.is_implicit { route.tls.clone() } else { None };
        let server = (route.host.trim_start_matches('[').trim_end_matches(']'), route.port);
        let connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(route.patience), &route.hello, at_once, None)
                .await
                .map_err(|error| Failure::new(Stage::Connect, &error, &str::to_owned))?;
        let mut session = Self { connection, login: None };
        if let Some(tls) = &route.tls
            && !route.is_implicit
        {
            progress.reach(Stage::Encrypt);
            session.encrypt(tls.clone(), &route.hello).await?;
        }
        if let Some((user, read)) = &route.credentials {
            progress.reach(Stage::Authenticate);
            session.log_in(user, read).await?;
        }
        Ok(session)
    }

    async fn encrypt(&mut self, tls: TlsParameters, hello: &ClientId) -> Result<(), Failure> {
        if !self.connection.can_starttls() {
            let why = "the server offers no STARTTLS, and nothing is sent in plain: set tls of [smtp] to what it offers";
            return Err(Failure::unable(Stage::Encrypt, why));
        }
        let done = self.connection.starttls(tls, hello).await;
        done.map_err(|error| self.failure(Stage::Encrypt, &error))
    }

    async fn log_in(&mut self, user: &str, read: &SecretReader) -> Result<(), Failure> {
        let password = read().map_err(|why| Failure::unable(Stage::Authenticate, why))?;
        let credentials = Credentials::new(user.to_owned(), password.expose_secret().to_owned());
        self.login = Some(Login { user: user.to_owned(), password });
        let known = self.connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS);
        if known.is_none() {
            let why = "the server offers no login by PLAIN or LOGIN: leave out username of [smtp], or set tls to what it offers";
            return Err(Failure::unable(Stage::Authenticate, why));
        }
        let done = self.connection.auth(DEFAULT_MECHANISMS, &credentials).await;
        done.map(drop).map_err(|error| self.failure(Stage::Authenticate, &error))
    }

    /// One transaction for one recipient; gives back the server's answer.
    pub(super) async fn hand_over(
        &mut self,
        from: &Address,
        to: &Address,
        body: &[u8],
        progress: &Progress,
    ) -> Result<String, Failure> {
        progress.reach(Stage::Sender);
        let answer = self.connection.command(Mail::new(Some(from.clone()), Vec::new())).await;
        answer.map_err(|error| self.failure(Stage::Sender, &error))?;

        progress.reach(Stage::Recipient);
        let answer = self.connection.command(Rcpt::new(to.clone(), Vec::new())).await;
        answer.map_err(|error| self.failure(Stage::Recipient, &error))?;

        progress.reach(Stage::Data);
        let answer = self.connection.command(Data).await;
        let answer = answer.map_err(|error| self.failure(Stage::Data, &error))?;
        if !answer.has_code(354) {
            return Err(Failure::broken(
                Stage::Data,
                format!("the server answered {} to DATA", answer.code()),
            ));
        }

        progress.reach(Stage::Text);
        // lettre ends the last line itself. It takes the next piece when the last one is written: none is left, and the
        // dot goes.
        let whole = body.strip_suffix(b"\r\n").unwrap_or(body);
        let pieces = iter::once(whole).chain(iter::from_fn(|| {
            progress.reach(Stage::End);
            None
        }));
        let answer = self.connection.message_iter(pieces).await;
        let answer = answer.map_err(|error| self.failure(progress.stage(), &error))?;
        if answer.code().severity != Severity::PositiveCompletion {
            let why = format!("the server answered {} to the mail", answer.code());
            return Err(Failure::broken(Stage::End, why));
        }
        Ok(self.words(&answer))
    }

    /// Whether the server answers, and no mail is begun.
    pub(super) async fn reset(&mut self) -> bool {
        self.connection.command(Rset).await.is_ok()
    }

    fn words(&self, answer: &Response) -> String {
        let text = self.without_secrets(answer.first_line().unwrap_or_default());
        failure::clean(&format!("{} {text}", answer.code()))
    }

    fn failure(&self, stage: Stage, error: &Error) -> Failure {
        Failure::new(stage, error, &|text| self.without_secrets(text))
    }

    /// A server may say again what it was told.
    fn without_secrets(&self, text: &str) -> String {
        let Some(Login { user, password }) = &self.login else { return text.to_owned() };
        let password = password.expose_secret();
        if password.is_empty() {
            return text.to_owned();
        }
        let forms = [
            password.to_owned(),
            STANDARD.encode(password),
            STANDARD.encode(format!("\0{user}\0{password}")),
        ];
        forms.iter().fold(text.to_owned(), |text, form| text.replace(form, "…"))
    }
}
