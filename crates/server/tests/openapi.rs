//! `docs/openapi.json` is what the handlers say. `UPDATE=1 cargo test -p server openapi` rewrites it.

#[test]
fn openapi_golden_is_fresh() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let text = server::api::openapi::text().unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "docs/openapi.json is stale: UPDATE=1 cargo test -p server openapi");
}
