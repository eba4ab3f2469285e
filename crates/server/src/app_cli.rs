//! `nenrin app` and `nenrin audit`: app registrations and the audit log from the command line, beside a running server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::clock::{now_s, text_of_ns};
use crate::identity::apps::{App, ChangeRefused, Credential};
use crate::identity::permissions::{PERMISSIONS, permission};
use crate::limits::{APP_SECRET_DAYS_DEFAULT, APP_SECRET_DAYS_MAX, NAME_BYTES_MAX};
use crate::oauth::assertion::read_certificate;
use crate::oauth::keys::SigningKeys;
use crate::state::State;

/// Who did it, in the audit log: whoever may write the data directory.
const ACTOR: &str = "cli";

/// App registrations.
#[derive(Subcommand)]
pub enum AppCommand {
    /// Register an app; prints its id and the tenant's.
    Create {
        /// Display name.
        name: String,
    },
    /// List all apps with their permissions and secrets.
    List,
    /// Make a client secret; it is shown once.
    Secret {
        /// App id.
        id: String,
        /// What it is for.
        #[arg(long, default_value = "")]
        name: String,
        /// Life, 1 to 731.
        #[arg(long, default_value_t = APP_SECRET_DAYS_DEFAULT, value_parser = clap::value_parser!(u32).range(1..=i64::from(APP_SECRET_DAYS_MAX)))]
        days: u32,
    },
    /// Register a certificate, whose key may then sign client assertions.
    Certificate {
        /// App id.
        id: String,
        /// The certificate, PEM.
        file: PathBuf,
    },
    /// Delete a secret or a certificate; its tokens end within seconds.
    DeleteCredential {
        /// App id.
        id: String,
        /// Id of the secret or certificate, from list.
        credential: String,
    },
    /// Add a permission, without consent.
    Grant {
        /// App id.
        id: String,
        /// One of nenrin app permissions.
        permission: String,
    },
    /// Take a permission away.
    Revoke {
        /// App id.
        id: String,
        /// The permission.
        permission: String,
    },
    /// Give admin consent to all permissions that the app has now.
    Consent {
        /// App id.
        id: String,
    },
    /// Take the consent back.
    WithdrawConsent {
        /// App id.
        id: String,
    },
    /// Delete an app with its secrets and permissions.
    Delete {
        /// App id.
        id: String,
    },
    /// List the permissions that can be granted.
    Permissions,
    /// Sign tokens with a new key from now on; tokens that are out stay valid.
    RotateKeys,
}

/// The audit log.
#[derive(Subcommand)]
pub enum AuditCommand {
    /// Check the chain. Exit 1 when a row was changed or is missing.
    Verify {
        /// A hash that an earlier verify printed, which must still be in the chain.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// Print the newest rows.
    List {
        /// How many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
        rows: i64,
    },
}

/// Runs `nenrin app`.
///
/// # Errors
/// What went wrong and what to do about it.
pub async fn app(command: AppCommand, state: &State, data_dir: &Path, json: bool) -> Result<()> {
    match command {
        AppCommand::Create { name } => create(state, &name, json).await,
        AppCommand::List => list(state, json).await,
        AppCommand::Secret { id, name, days } => secret(state, &id, &name, days, json).await,
        AppCommand::Certificate { id, file } => certificate(state, &id, &file, json).await,
        AppCommand::DeleteCredential { id, credential } => {
            if !state.delete_credential(&id, &credential).await? {
                bail!("app {id:?} has no secret or certificate {credential:?}: nenrin app list shows all");
            }
            done(state, "app.credential.delete", &id, json!({ "credential": credential }), json).await
        }
        AppCommand::Grant { id, permission: name } => {
            let Some(permission) = permission(&name) else {
                bail!("no permission {name:?}: nenrin app permissions lists them");
            };
            allowed(state.grant(&id, permission.name).await?, &id)?;
            if !json {
                eprintln!("not in effect yet: nenrin app consent {id}");
            }
            done(state, "app.grant", &id, json!({ "permission": permission.name }), json).await
        }
        AppCommand::Revoke { id, permission: name } => {
            let name = permission(&name).map_or(name.as_str(), |permission| permission.name);
            allowed(state.revoke(&id, name).await?, &id)?;
            done(state, "app.revoke", &id, json!({ "permission": name }), json).await
        }
        AppCommand::Consent { id } => consent(state, &id, true, json).await,
        AppCommand::WithdrawConsent { id } => consent(state, &id, false, json).await,
        AppCommand::Delete { id } => {
            if !state.delete_app(&id).await? {
                bail!(no_app(&id));
            }
            done(state, "app.delete", &id, Value::Null, json).await
        }
        AppCommand::Permissions => {
            for permission in PERMISSIONS {
                match json {
                    true => println!("{}", json!({ "name": permission.name, "description": permission.words })),
                    false => println!("{:40}{}", permission.name, permission.words),
                }
            }
            Ok(())
        }
        AppCommand::RotateKeys => {
            SigningKeys::open(data_dir)?.rotate()?;
            done(state, "keys.rotate", "", Value::Null, json).await
        }
    }
}

fn no_app(id: &str) -> String {
    format!("no app {id:?}: nenrin app list shows all")
}

/// A change's result, in words when it was refused.
fn allowed<T>(result: Result<T, ChangeRefused>, id: &str) -> Result<T> {
    match result {
        Ok(value) => Ok(value),
        Err(ChangeRefused::UnknownApp) => bail!(no_app(id)),
        Err(ChangeRefused::NoSuchPart) => bail!("app {id:?} has no such permission: nenrin app list shows all"),
        Err(ChangeRefused::TooMany(words)) => bail!("{words}"),
    }
}

async fn done(state: &State, action: &str, id: &str, detail: Value, json: bool) -> Result<()> {
    state.audit(ACTOR, action, id, detail).await?;
    if json {
        println!("{}", json!({ "ok": true }));
    }
    Ok(())
}

async fn create(state: &State, name: &str, json: bool) -> Result<()> {
    if name.trim().is_empty() || name.len() > NAME_BYTES_MAX {
        bail!("the name must be 1 to {NAME_BYTES_MAX} bytes");
    }
    let id = allowed(state.create_app(name.trim(), ACTOR).await?, "")?;
    let tenant_id = state.tenant_id().await?;
    state.audit(ACTOR, "app.create", &id, json!({ "name": name })).await?;
    if json {
        println!("{}", json!({ "appId": id, "tenantId": tenant_id }));
    } else {
        println!("Application (client) id  {id}");
        println!("Directory (tenant) id    {tenant_id}");
        eprintln!("next: nenrin app secret {id}, nenrin app grant {id} Alert.Read.All, nenrin app consent {id}");
    }
    Ok(())
}

async fn secret(state: &State, id: &str, name: &str, days: u32, json: bool) -> Result<()> {
    if name.len() > NAME_BYTES_MAX {
        bail!("the name must be at most {NAME_BYTES_MAX} bytes");
    }
    let expires = now_s() + i64::from(days) * 86_400;
    let (credential, secret) = allowed(state.add_secret(id, name, expires).await?, id)?;
    state.audit(ACTOR, "app.secret.create", id, json!({ "credential": credential, "days": days })).await?;
    if json {
        println!("{}", json!({ "secret": secret }));
    } else {
        println!("{secret}");
        eprintln!("shown once; good until {}", text(expires));
    }
    Ok(())
}

async fn certificate(state: &State, id: &str, file: &Path, json: bool) -> Result<()> {
    let pem = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let certificate = read_certificate(&pem)?;
    let credential = allowed(state.add_certificate(id, &certificate).await?, id)?;
    let print = certificate.key.sha256;
    state.audit(ACTOR, "app.certificate.create", id, json!({ "credential": credential, "sha256": print })).await?;
    if json {
        println!("{}", json!({ "credential": credential, "x5t#S256": print }));
    } else {
        println!("{credential}");
    }
    Ok(())
}

async fn consent(state: &State, id: &str, consented: bool, json: bool) -> Result<()> {
    let names = allowed(state.set_consent(id, consented).await?, id)?;
    if names.is_empty() && consented {
        bail!("the app has no permission to consent to: nenrin app grant {id} PERMISSION");
    }
    let action = if consented { "app.consent" } else { "app.consent.withdraw" };
    state.audit(ACTOR, action, id, json!({ "permissions": names })).await?;
    if json {
        println!("{}", json!({ "permissions": names }));
    } else {
        println!("{}", names.join("\n"));
    }
    Ok(())
}

async fn list(state: &State, json: bool) -> Result<()> {
    for app in state.apps().await? {
        match json {
            true => println!("{}", json_of(&app)),
            false => print_app(&app),
        }
    }
    Ok(())
}

fn json_of(app: &App) -> Value {
    let credential = |credential: &Credential| {
        json!({
            "id": credential.id, "name": credential.name, "hint": credential.hint,
            "created": text(credential.created), "expires": text(credential.expires),
            "lastUsed": credential.last_used.map(text), "lastAddress": credential.last_address,
        })
    };
    let mut permissions = Vec::new();
    for permission in &app.permissions {
        permissions.push(json!({ "name": permission.name, "consented": permission.consented.is_some() }));
    }
    json!({
        "appId": app.id,
        "name": app.name,
        "created": text(app.created),
        "permissions": permissions,
        "secrets": app.secrets.iter().map(credential).collect::<Vec<_>>(),
        "certificates": app.certificates.iter().map(credential).collect::<Vec<_>>(),
    })
}

fn print_app(app: &App) {
    println!("{}  {:?}", app.id, app.name);
    for permission in &app.permissions {
        let consent = if permission.consented.is_some() { "" } else { "  no consent yet" };
        println!("    {}{consent}", permission.name);
    }
    for (kind, credentials) in [("secret", &app.secrets), ("certificate", &app.certificates)] {
        for credential in credentials {
            let state = if credential.expires <= now_s() { "expired" } else { "expires" };
            let used =
                credential.last_used.map_or_else(|| "never used".to_owned(), |used| format!("used {}", text(used)));
            println!("    {kind} {}  {state} {}  {used}", credential.id, text(credential.expires));
        }
    }
}

fn text(time_s: i64) -> String {
    text_of_ns(time_s.saturating_mul(1_000_000_000))
}

/// Runs `nenrin audit`; exit code 1 when the chain is broken.
///
/// # Errors
/// When the database can't be read.
pub async fn audit(command: AuditCommand, state: &State, json: bool) -> Result<ExitCode> {
    match command {
        AuditCommand::Verify { head } => verify(state, head.as_deref(), json).await,
        AuditCommand::List { rows } => {
            let mut rows = state.audit_rows(None, rows).await?;
            rows.reverse();
            for row in rows {
                match json {
                    true => println!("{}", serde_json::to_string(&row)?),
                    false => println!(
                        "{:6} {} {} {} {:?} {}",
                        row.seq,
                        text_of_ns(row.time_ns),
                        row.actor.escape_debug(),
                        row.action,
                        row.target,
                        row.detail.escape_debug()
                    ),
                }
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn verify(state: &State, head: Option<&str>, json: bool) -> Result<ExitCode> {
    let mut verified = state.verify_audit().await?;
    if let Some(head) = head
        && !state.has_audit_hash(head).await?
    {
        verified.problems.push(format!("no row has the hash {head}: the log was written anew"));
    }
    if json {
        println!("{}", json!({ "rows": verified.n_rows, "head": verified.head, "problems": verified.problems }));
    } else {
        println!("{} rows, head {}", verified.n_rows, verified.head);
        for problem in &verified.problems {
            println!("PROBLEM  {problem}");
        }
    }
    Ok(if verified.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
