//! Plugins of `evaluate`, and the functions of `invoke` that come with Defender.

use super::{Entry, supported};

/// The plugins that there are.
pub const PLUGINS: &[Entry] = &[
    supported(
        "bag_unpack",
        "T | evaluate bag_unpack(Column [, Prefix] [, columnsConflict] [, ignoredProperties])",
        [
            "The members of a bag as columns. Without a schema behind it the rows are read first, to know the names.",
            "print b = dynamic({'x': 1, 'y': 'z'}) | evaluate bag_unpack(b, 'b_')",
            "1, z",
        ],
    ),
    supported(
        "pivot",
        "T | evaluate pivot(Column [, Aggregate] [, Column, …])",
        [
            "The values of a column as columns.",
            "datatable(k: string, v: string)['a', 'x', 'a', 'x', 'a', 'y'] | evaluate pivot(v, count(), k)",
            "a, 2, 1",
        ],
    ),
    supported(
        "narrow",
        "T | evaluate narrow()",
        [
            "A row for each cell: row number, column, value.",
            "print a = 1, b = 'x' | evaluate narrow() | project Column, Value",
            "a, 1; b, x",
        ],
    ),
    supported(
        "ipv4_lookup",
        "T | evaluate ipv4_lookup(Table, Address, Network [, Key, …] [, return_unmatched])",
        [
            "Adds the columns of the networks that an address is in.",
            "datatable(ip: string)['10.1.2.3'] | evaluate ipv4_lookup(datatable(net: string, site: string)['10.0.0.0/8', 'home'], ip, net) | project ip, site",
            "10.1.2.3, home",
        ],
    ),
    supported(
        "sliding_window_counts",
        "T | evaluate sliding_window_counts(Id, Time, Start, End, Window, Step [, Key, …])",
        [
            "How often, and how many different, within a window that ends at each step.",
            "datatable(id: string, t: datetime)['a', datetime(2024-01-01), 'b', datetime(2024-01-02), 'a', datetime(2024-01-02)] | evaluate sliding_window_counts(id, t, datetime(2024-01-01), datetime(2024-01-02), 2d, 1d) | project Count, Dcount",
            "1, 1; 3, 2",
        ],
    ),
];

/// Functions behind `invoke` that Defender brings along.
pub const INVOKED: &[Entry] = &[
    supported(
        "FileProfile",
        "T | invoke FileProfile(Hash [, N])",
        [
            "First and last sighting of a file and the number of devices, over everything that was ever stored, and its hashes. N files, 100 by default, 1000 at most. Beyond 512 devices the number is an estimate (standard error 4.4 %). Columns of signature and threat are empty.",
            "datatable(SHA1: string)['da39a3ee5e6b4b0d3255bfef95601890afd80709'] | invoke FileProfile(SHA1) | project isnull(GlobalPrevalence)",
            "True",
        ],
    ),
    supported(
        "SeenBy",
        "T | invoke SeenBy([Key])",
        [
            "The devices whose events name an address, a domain, a hash or a file name; without a key, the row's IPAddress, PublicIP or RemoteIP.",
            "datatable(DeviceId: string)['d1'] | invoke SeenBy() | project isnull(SeenBy)",
            "True",
        ],
    ),
];

#[cfg(test)]
mod tests {
    #[test]
    fn every_plugin_is_described() {
        let mut described: Vec<&str> = super::PLUGINS.iter().map(|plugin| plugin.name).collect();
        described.sort_unstable();
        assert_eq!(described, crate::kql::plan::PLUGINS);
    }
}
