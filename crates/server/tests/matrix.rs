//! Who may use which route: every operation of the OpenAPI document × every kind of caller, over HTTP, against the table
//! in `identity/access.rs`. An operation without a line there, or a line without an operation, fails.

use std::collections::BTreeSet;

use server::identity::access::{Access, RULES};
use server::identity::permissions::{PERMISSIONS, Role};

use crate::support::{JSON, Rig};
use crate::tokens::{app, token};

/// What a caller sends, and what it has.
struct Principal {
    name: String,
    header: Option<String>,
    role: Option<Role>,
    permissions: BTreeSet<&'static str>,
}

impl Principal {
    fn status_expected(&self, access: Access) -> Option<u16> {
        let Access::Granted(role, any_of) = access else { return None };
        match (self.role, &self.header) {
            (None, None) => Some(401),
            (Some(has), _) if has < role => Some(403),
            (None, Some(_)) if !any_of.iter().any(|name| self.permissions.contains(name)) => Some(403),
            _ => None,
        }
    }
}

async fn person(rig: &Rig, role: Role) -> Principal {
    let state = &rig.server.state;
    state.set_password(role.name(), "no password fits", role.name()).await.unwrap();
    let session = state.start_session(role.name()).await.unwrap();
    let header = format!("cookie: __Host-session={session}");
    Principal { name: role.to_string(), header: Some(header), role: Some(role), permissions: BTreeSet::new() }
}

async fn client(rig: &Rig, name: &str, permissions: &[&'static str], consent: bool) -> Principal {
    let app = app(rig, permissions, consent).await;
    let header = format!("authorization: Bearer {}", token(rig, &app).await);
    let permissions = if consent { permissions.iter().copied().collect() } else { BTreeSet::new() };
    Principal { name: format!("app with {name}"), header: Some(header), role: None, permissions }
}

/// The path with something in the place of its parameters that exists nowhere.
fn concrete(path: &str) -> String {
    let mut text = path.to_owned();
    while let (Some(from), Some(to)) = (text.find('{'), text.find('}')) {
        text.replace_range(from..=to, "x:0000000000000000:1");
    }
    text
}

fn operations() -> Vec<(String, String)> {
    let document: serde_json::Value = serde_json::from_str(&server::api::openapi::text().unwrap()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|name| *name != "parameters") {
            operations.push((method.to_uppercase(), path.clone()));
        }
    }
    operations
}

#[test]
fn document_and_table_name_the_same_routes() {
    let documented: BTreeSet<(String, String)> = operations().into_iter().collect();
    let mut ruled: BTreeSet<(String, String)> =
        RULES.iter().map(|rule| (rule.method.to_owned(), rule.path.to_owned())).collect();
    // The document does not describe itself.
    ruled.remove(&("GET".to_owned(), "/api/v1/openapi.json".to_owned()));
    assert_eq!(documented, ruled);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cell_of_the_matrix() {
    let rig = Rig::start().await;
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for rule in RULES {
        if let Access::Granted(_, any_of) = rule.access {
            named.extend(any_of);
        }
    }
    let nobody = Principal { name: "nobody".to_owned(), header: None, role: None, permissions: BTreeSet::new() };
    let mut principals = vec![nobody];
    for role in Role::ALL {
        principals.push(person(&rig, role).await);
    }
    let all: Vec<&str> = PERMISSIONS.iter().map(|permission| permission.name).collect();
    let rest: Vec<&str> = all.iter().copied().filter(|name| !named.contains(name)).collect();
    principals.push(client(&rig, "nothing", &[], true).await);
    principals.push(client(&rig, "everything without consent", &all, false).await);
    principals.push(client(&rig, "everything that no route asks for", &rest, true).await);
    for name in &named {
        principals.push(client(&rig, name, &[*name], true).await);
    }
    let (mut n_cells, mut failures) = (0, Vec::new());
    for (method, path) in operations() {
        let rule = RULES.iter().find(|rule| rule.method == method && rule.path == path);
        let access = rule.unwrap_or_else(|| panic!("no line for {method} {path}")).access;
        for principal in &principals {
            // Signing out would end the session that the next cells need.
            if path == "/api/v1/logout" {
                continue;
            }
            let mut args = vec!["-X", method.as_str(), "-H", JSON, "-m", "3"];
            args.extend(principal.header.iter().flat_map(|header| ["-H", header.as_str()]));
            let answer = rig.portal(&concrete(&path), &args, None).await;
            // Signing in with nothing is 4xx of its own, and so is what nobody can have.
            let refused = matches!(answer.status, 401 | 403)
                && path != "/api/v1/login"
                && !answer.body.contains("DisabledFeature");
            let expected = principal.status_expected(access);
            if expected.map_or(refused, |status| answer.status != status) || answer.status >= 500 {
                failures.push(format!("{method} {path} by {}: {} not {expected:?}", principal.name, answer.status));
            }
            n_cells += 1;
        }
    }
    assert!(n_cells >= 150, "{n_cells} cells");
    assert!(failures.is_empty(), "{} of {n_cells}:\n{}", failures.len(), failures.join("\n"));
}
