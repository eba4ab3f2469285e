//! The OpenAPI document, computed from the handlers; `docs/openapi.json` is a golden copy.

use axum::Json;
use utoipa::OpenApi;

use super::{
    absent, advanced, alerts, apps, auth, detections, devices, events, export, graph, hunting, imports, machines, misc,
    related, second_factor, sources, store, stream, timeline, uploads, users,
};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(title = "Nenrin", description = "The timeline of devices: what they did, and what is missing."),
    paths(
        auth::login,
        auth::logout,
        auth::me,
        second_factor::state,
        second_factor::begin,
        second_factor::confirm,
        second_factor::end,
        devices::list,
        devices::one,
        timeline::page,
        timeline::summary,
        stream::stream,
        export::export,
        events::event,
        hunting::run,
        hunting::analyze,
        advanced::advanced,
        advanced::advanced_xdr,
        advanced::graph,
        graph::alerts::list,
        graph::alerts::one,
        graph::alerts::update,
        graph::incidents::graph_list,
        graph::incidents::graph_one,
        graph::incidents::graph_update,
        graph::incidents::xdr_list,
        graph::incidents::xdr_one,
        graph::incidents::xdr_update,
        store::prevalence,
        store::usage,
        store::maintain,
        imports::run,
        uploads::state,
        uploads::part,
        misc::schema,
        misc::enrolment_token,
        misc::csp_report,
        misc::csp_report_count,
        apps::list,
        apps::create,
        apps::one,
        apps::delete,
        apps::secret,
        apps::certificate,
        apps::delete_credential,
        apps::grant,
        apps::revoke,
        apps::consent,
        apps::withdraw_consent,
        apps::permissions,
        apps::audit,
        sources::list,
        sources::create,
        sources::revoke,
        users::list,
        users::create,
        users::set_role,
        users::reset_password,
        users::delete,
        alerts::list,
        alerts::number,
        alerts::one,
        alerts::update,
        alerts::batch_update,
        alerts::create,
        related::domains,
        related::files,
        related::ips,
        related::machine,
        related::user,
        alerts::detail,
        machines::list,
        machines::one,
        machines::alerts,
        machines::alerts_number,
        machines::tags,
        machines::logon_users,
        absent::findings,
        absent::action,
        absent::software_vulnerabilities,
        absent::machine_actions,
        absent::indicators,
        absent::indicator_create,
        detections::state,
        detections::history,
        detections::suppressions,
        detections::suppress,
        detections::end_suppression
    )
)]
pub struct Document;

/// The document as it is committed.
///
/// # Errors
/// Never in practice: the document is plain data.
pub fn text() -> anyhow::Result<String> {
    Ok(Document::openapi().to_pretty_json()? + "\n")
}

/// Serves the document.
pub async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
