//! `nenrin user`: people who sign in at the portal, from the command line, beside a running server.

use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::json;

use crate::api::auth::new_password;
use crate::api::users::check_name;
use crate::identity::permissions::Role;
use crate::identity::users::UserRefused;
use crate::serve::ADMIN;
use crate::state::State;

/// Portal users.
#[derive(Subcommand)]
pub enum UserCommand {
    /// Create a user; prints a random password, once.
    Add {
        /// Login name.
        name: String,
        /// admin, analyst or reader.
        #[arg(long, default_value = "reader")]
        role: Role,
    },
    /// List all users with their roles.
    List,
    /// Give a user another role.
    SetRole {
        /// Login name.
        name: String,
        /// admin, analyst or reader.
        role: Role,
    },
    /// Delete a user and end its sessions.
    Delete {
        /// Login name.
        name: String,
    },
    /// End the second factor of a user who lost the phone.
    ResetTotp {
        /// Login name.
        name: String,
    },
    /// Give a user a new random password and end its sessions.
    ResetPassword {
        /// Login name.
        #[arg(default_value = ADMIN)]
        name: String,
    },
}

/// Runs `nenrin user`.
///
/// # Errors
/// What went wrong and what to do about it.
pub async fn run(command: UserCommand, state: &State, json: bool) -> Result<()> {
    match command {
        UserCommand::Add { name, role } => {
            check_name(&name)?;
            let (password, hash) = new_password().await?;
            allowed(state.add_user(&name, &hash, role).await?)?;
            state.audit("cli", "user.create", &name, json!({ "role": role.name() })).await?;
            show(&name, &password, json);
        }
        UserCommand::List => {
            for user in state.users().await? {
                match json {
                    true => println!("{}", json!({ "name": user.name, "role": user.role })),
                    false => println!("{:20}{}", user.name, user.role),
                }
            }
        }
        UserCommand::SetRole { name, role } => {
            allowed(state.set_role(&name, role).await?)?;
            state.audit("cli", "user.role", &name, json!({ "role": role.name() })).await?;
        }
        UserCommand::Delete { name } => {
            allowed(state.delete_user(&name).await?)?;
            state.audit("cli", "user.delete", &name, json!({})).await?;
        }
        UserCommand::ResetTotp { name } => {
            if !state.delete_totp(&name).await? {
                bail!("user {name:?} has no second factor");
            }
            state.audit("cli", "user.totp.reset", &name, json!({})).await?;
        }
        UserCommand::ResetPassword { name } => {
            let Some((_, role)) = state.credentials(&name).await? else { bail!("no user {name:?}") };
            let (password, hash) = new_password().await?;
            state.set_password(&name, &hash, &role).await?;
            state.audit("cli", "user.reset-password", &name, json!({})).await?;
            show(&name, &password, json);
        }
    }
    Ok(())
}

fn allowed(result: Result<(), UserRefused>) -> Result<()> {
    result.map_err(|refused| anyhow::anyhow!("{}", refused.words()))
}

fn show(name: &str, password: &str, json: bool) {
    match json {
        true => println!("{}", json!({ "user": name, "password": password })),
        false => println!("{password}"),
    }
}
