//! Who asks, and what they may do: people with sessions, apps with bearer tokens.
//!
//! For a route, two lines are all there is to it:
//!
//! ```text
//! // in identity/access.rs, RULES: method, path, weakest role of a person, permissions of an app (any one will do)
//! granted("GET", "/api/alerts", Role::Reader, &["Alert.Read.All", "Alert.ReadWrite.All"]),
//! // in the handler, when it wants to know who:
//! async fn list(caller: Caller, …) { caller.name(); caller.has("Machine.Read.All"); }
//! ```
//!
//! The middleware [`access::authorize`] lies over all routes below `/api`. It answers 401 and 403, in Azure's error shape
//! outside `/api/v1`, and puts the [`Caller`] into the request. A route without a line in the table is refused. Names of
//! permissions are those of [`permissions::PERMISSIONS`]; a test compares.
//! A token's `roles` count only as far as the app still has them with consent: looked up at each request, remembered
//! for [`STANDING_CACHE`](crate::limits::STANDING_CACHE).

pub mod access;
pub mod apps;
pub mod audit;
pub mod limiter;
pub mod permissions;
pub mod totp;
pub mod users;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::Result;
use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;

use crate::api::error::ApiError;
use crate::limits::{STANDING_CACHE, STANDINGS_MAX};
use crate::oauth::keys::SigningKeys;
use crate::state::{State, User};
use apps::Standing;
use limiter::Limiter;
use permissions::{Role, permission};

/// What sign-in of apps needs, shared by all requests.
pub struct Identity {
    /// This installation's tenant id, a UUID.
    pub tenant_id: String,
    /// Keys of our tokens.
    pub keys: SigningKeys,
    /// Wrong secrets at the token endpoint.
    pub token_failures: Limiter,
    /// Wrong codes of people who are signed in.
    pub code_failures: Limiter,
    state: State,
    names: BTreeSet<String>,
    standings: Mutex<HashMap<String, Remembered>>,
}

/// When an app was looked up, and what was found.
type Remembered = (Instant, Option<Arc<Standing>>);

impl Identity {
    /// Opens the identity part of a data directory. `names` are the host names and addresses we answer to.
    ///
    /// # Errors
    /// When the database or the key file can't be read.
    pub async fn open(state: &State, data_dir: &Path, names: &[String]) -> Result<Self> {
        Ok(Self {
            tenant_id: state.tenant_id().await?,
            keys: SigningKeys::open(data_dir)?,
            token_failures: Limiter::default(),
            code_failures: Limiter::default(),
            state: state.clone(),
            names: names.iter().map(|name| name.to_ascii_lowercase()).collect(),
            standings: Mutex::default(),
        })
    }

    /// True for `host` or `host:port` of one of our names.
    pub fn is_own_host(&self, authority: &str) -> bool {
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        };
        self.names.contains(host.trim_start_matches('[').trim_end_matches(']'))
    }

    /// How the client calls us, `host:port`: what URLs in our answers are made of. A name that is not ours is not
    /// repeated, so that nobody can have us hand out addresses of theirs.
    pub fn authority(&self, headers: &HeaderMap, uri: &http::Uri) -> String {
        let named = uri.authority().map(|it| it.as_str());
        let named = named.or_else(|| headers.get(http::header::HOST).and_then(|it| it.to_str().ok()));
        match named.map(str::to_ascii_lowercase) {
            Some(named) if self.is_own_host(&named) => named,
            _ => "localhost".to_owned(),
        }
    }

    /// What an app may do now, at most [`STANDING_CACHE`] old.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn standing(&self, app: &str) -> Result<Option<Arc<Standing>>> {
        if let Some((at, standing)) = self.standings.lock().expect("no panic under the lock").get(app)
            && at.elapsed() < STANDING_CACHE
        {
            return Ok(standing.clone());
        }
        let standing = self.state.standing(app).await?.map(Arc::new);
        let mut standings = self.standings.lock().expect("no panic under the lock");
        if standings.len() >= STANDINGS_MAX {
            standings.clear();
        }
        standings.insert(app.to_owned(), (Instant::now(), standing.clone()));
        Ok(standing)
    }

    /// Forgets what is remembered, after a change in this process.
    pub fn forget_standings(&self) {
        self.standings.lock().expect("no panic under the lock").clear();
    }
}

/// Who makes a request; an argument of a handler.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Signed in at the portal, or on this machine with the data directory in hand.
    Person(User, Role),
    /// With a token.
    App(AppCaller),
}

/// An app that makes a request.
#[derive(Clone, Debug)]
pub struct AppCaller {
    /// Application (client) id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// In the token, and still granted and consented to.
    pub permissions: BTreeSet<String>,
    /// What the app has by now: for the words of a refusal.
    standing: Arc<Standing>,
}

impl Caller {
    /// Login name or display name, for `createdBy` and the like.
    pub fn name(&self) -> &str {
        match self {
            Self::Person(user, _) => &user.name,
            Self::App(app) => &app.name,
        }
    }

    /// For the audit log: says also what kind it is.
    pub fn actor(&self) -> String {
        match self {
            Self::Person(user, _) => format!("user:{}", user.name),
            Self::App(app) => format!("app:{}", app.id),
        }
    }

    /// True when this caller has the application permission, or a person's role has what it allows.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Person(_, role) => permission(name).is_some_and(|permission| *role >= permission.role),
            Self::App(app) => app.permissions.contains(name),
        }
    }

    /// Refuses a caller that has none of the permissions. For parts of a route; the whole route is [`access`]'s.
    ///
    /// # Errors
    /// 403, with what to do about it.
    pub fn require(&self, any_of: &[&str]) -> Result<(), ApiError> {
        match any_of.iter().any(|name| self.has(name)) {
            true => Ok(()),
            false => Err(access::refusal(self, Role::Analyst, any_of)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Self>().cloned();
        // Absent only when the route lies outside the middleware, or is open to everybody.
        caller.ok_or_else(|| ApiError::new(http::StatusCode::UNAUTHORIZED, "not_signed_in", "sign in first"))
    }
}
