//! The starter set: our own rules, in the program itself so that a first start has something to find.

use crate::read::RuleText;

macro_rules! rules {
    ($($file:literal),+ $(,)?) => {
        /// File names and texts.
        const FILES: &[(&str, &str)] = &[$(($file, include_str!(concat!("../../../rules/", $file)))),+];
    };
}

rules![
    "any/callback_domain_asked.yml",
    "any/detection_test.yml",
    "any/tor_asked.yml",
    "linux/authorized_keys_written.yml",
    "linux/coin_miner.yml",
    "linux/cron_job_written.yml",
    "linux/decoded_into_shell.yml",
    "linux/download_into_shell.yml",
    "linux/firewall_switched_off.yml",
    "linux/host_namespace_entered.yml",
    "linux/interpreter_socket_shell.yml",
    "linux/log_files_removed.yml",
    "linux/mandatory_access_switched_off.yml",
    "linux/metadata_address_asked.yml",
    "linux/module_from_odd_place.yml",
    "linux/netcat_executes.yml",
    "linux/password_hashes_read.yml",
    "linux/preload_list_written.yml",
    "linux/program_in_memory_folder.yml",
    "linux/sensor_stopped_by_hand.yml",
    "linux/service_unit_written.yml",
    "linux/setuid_given.yml",
    "linux/shell_history_removed.yml",
    "linux/shell_over_dev_tcp.yml",
    "linux/user_made_administrator.yml",
    "linux/web_server_starts_shell.yml",
    "windows/certutil_download.yml",
    "windows/defender_switched_off.yml",
    "windows/encoded_powershell.yml",
    "windows/event_log_cleared.yml",
    "windows/lsass_dumped.yml",
    "windows/mshta_remote.yml",
    "windows/office_starts_script_host.yml",
    "windows/process_started_by_wmi.yml",
    "windows/regsvr32_scriptlet.yml",
    "windows/run_key_set.yml",
    "windows/script_runs_downloaded_code.yml",
    "windows/shadow_copies_removed.yml",
    "windows/task_with_script_created.yml",
];

/// The rules of `rules/`.
pub fn starter_rules() -> Vec<RuleText> {
    FILES.iter().map(|(file, text)| RuleText { file: (*file).to_owned(), text: (*text).to_owned() }).collect()
}
