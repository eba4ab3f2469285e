//! Entry point.
use std::sync::atomic::AtomicBool;
fn main() {
    let stop = AtomicBool::new(false);
    sensor::collect::run(Default::default(), &stop, |c| eprintln!("{c:?}"), &mut |seen| {
        let mut o = serde_json::Map::new();
        for (c, v) in seen.row.values() {
            let v = match v { schema::Value::Str(s) => s.clone().into(), schema::Value::Int(n) => (*n).into(), schema::Value::Bool(b) => (*b).into(), schema::Value::Time(n) => (*n).into() };
            o.insert(c.name.to_string(), v);
        }
        println!("{}", serde_json::Value::Object(o));
    }).unwrap();
}
