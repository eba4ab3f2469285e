//! Compiles the eBPF side and writes its Rust skeleton into `OUT_DIR`. Does nothing for other systems.

fn main() {
    println!("cargo:rerun-if-changed=src/linux/bpf");
    #[cfg(target_os = "linux")]
    linux::build();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::env;
    use std::path::PathBuf;
    use std::process::Command;

    use libbpf_cargo::SkeletonBuilder;

    const SOURCE: &str = "src/linux/bpf/sensor.bpf.c";

    pub fn build() {
        if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
            return;
        }
        require_clang();
        let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("sensor.skel.rs");
        // -mcpu=v3: 32-bit jumps, which the verifier needs to see that lengths are bounded; every kernel since 5.1 has it.
        let arguments = ["-Wall", "-Werror", "-Wno-unused-function", "-mcpu=v3"];
        let built = SkeletonBuilder::new().source(SOURCE).clang_args(arguments).build_and_generate(&out);
        if let Err(error) = built {
            panic!("compile {SOURCE}: {error:?}");
        }
    }

    fn require_clang() {
        let clang = env::var_os("CLANG").unwrap_or_else(|| "clang".into());
        if Command::new(&clang).arg("--version").output().is_err() {
            panic!(
                "{clang:?} was not found, and the eBPF programs need it: \
                 `apt-get install --no-install-recommends clang libelf-dev zlib1g-dev pkg-config`"
            );
        }
    }
}
