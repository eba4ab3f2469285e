//! Why a whole request is refused; each protocol says it in its own words.

use http::{HeaderValue, Response, StatusCode, header};

/// Why nothing of a request was taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// No credentials.
    NoToken,
    /// Credentials that can't be read.
    BadHeader,
    /// A token that was never given here.
    UnknownToken,
    /// A token that was taken back.
    Revoked,
    /// Too much or too many wrong tokens: seconds to wait, and why.
    Wait(u32, String),
    /// The body.
    TooLarge(String),
    /// Packed in a way that is not known here.
    Encoding(String),
    /// The body as a whole.
    NotUnderstood(String),
    /// Our fault.
    Failed(anyhow::Error),
}

impl Refusal {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::BadHeader | Self::UnknownToken => StatusCode::UNAUTHORIZED,
            Self::Revoked => StatusCode::FORBIDDEN,
            Self::Wait(..) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotUnderstood(_) => StatusCode::BAD_REQUEST,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// In words, with the next step.
    pub(super) fn message(&self) -> String {
        match self {
            Self::NoToken => "send the token of a source: make one with nenrin source create NAME".to_owned(),
            Self::BadHeader => "the Authorization header holds no token of a source".to_owned(),
            Self::UnknownToken => "this token was never given here: make one with nenrin source create NAME".to_owned(),
            Self::Revoked => "this token was taken back: make a new source with nenrin source create NAME".to_owned(),
            Self::Wait(_, message)
            | Self::TooLarge(message)
            | Self::Encoding(message)
            | Self::NotUnderstood(message) => message.clone(),
            Self::Failed(error) => {
                tracing::error!(error = %format!("{error:#}"), "shipped events not taken");
                "the server failed: its log says why, send it again later".to_owned()
            }
        }
    }

    /// Adds what HTTP has for it to an answer.
    pub(super) fn head<B>(&self, mut response: Response<B>) -> Response<B> {
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        match self {
            Self::Wait(seconds, _) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Self::NoToken | Self::BadHeader | Self::UnknownToken => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"nenrin\""));
            }
            _ => {}
        }
        response
    }
}
