//! What is not as in Kusto, and why.

/// A difference.
#[derive(Debug, Clone, Copy)]
pub struct Difference {
    /// What it is about.
    pub subject: &'static str,
    /// What Kusto does.
    pub kusto: &'static str,
    /// What happens here.
    pub here: &'static str,
    /// Why.
    pub why: &'static str,
    /// A query that shows it, "" where none can.
    pub example: &'static str,
    /// What the query gives here: `, ` between cells, `; ` between rows; a diagnostic begins with its code.
    pub result: &'static str,
}

/// All of them: answers first, then limits, then what has no data.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        subject: "dcount is exact",
        kusto: "`dcount` and `dcountif` estimate; the accuracy is an argument.",
        here: "Always exact; the accuracy is read and has no effect.",
        why: "The same data must give the same answer, and an estimate near a threshold is a wrong alert.",
        example: "range x from 1 to 300000 step 1 | summarize dcount(x, 0), count_distinct(x % 1000)",
        result: "300000, 1000",
    },
    Difference {
        subject: "make_set is sorted",
        kusto: "The order of a set's members is not said.",
        here: "Members are sorted.",
        why: "The same data must give the same answer.",
        example: "datatable(x: string)['b', 'c', 'a', 'b'] | summarize make_set(x)",
        result: "[\"a\",\"b\",\"c\"]",
    },
    Difference {
        subject: "take_any takes the smallest",
        kusto: "Any value, or the values of any row.",
        here: "The smallest value; of several columns those of the row that is smallest as a whole.",
        why: "The same data must give the same answer.",
        example: "datatable(x: long, y: string)[3, 'a', 2, 'b', 9, 'c'] | summarize take_any(x), take_any(x, y)",
        result: "2, 2, b",
    },
    Difference {
        subject: "take and sample are repeatable",
        kusto: "`take`, `sample` and `sample-distinct` give other rows each time.",
        here: "The same rows as long as the data is the same.",
        why: "An answer that someone else is shown must be the one that they get.",
        example: "range x from 1 to 100 step 1 | sample 5 | count",
        result: "5",
    },
    Difference {
        subject: "percentiles are exact",
        kusto: "`percentile` and its like estimate by a t-digest.",
        here: "Exact, by the nearest rank.",
        why: "The same data must give the same answer.",
        example: "range x from 1 to 1000 step 1 | summarize percentiles(x, 7, 50, 99.9)",
        result: "70, 500, 999",
    },
    Difference {
        subject: "top-hitters counts",
        kusto: "An estimate by a sketch.",
        here: "Counted exactly.",
        why: "The same data must give the same answer.",
        example: "range x from 1 to 1000 step 1 | extend y = x % 10 | top-hitters 10 of y | summarize count(), sum(approximate_count_y)",
        result: "10, 1000",
    },
    Difference {
        subject: "decimal is a real",
        kusto: "128 bits, 34 digits.",
        here: "64 bits, 15 digits. `parse_version` tells four parts of up to four digits apart.",
        why: "No column of our tables is a decimal, and public queries need it for `parse_version` and little else.",
        example: "print todecimal('0.1') + todecimal('0.2') == todecimal('0.3')",
        result: "False",
    },
    Difference {
        subject: "dynamic is JSON text",
        kusto: "Times and guids inside of a dynamic keep their type.",
        here: "They become text, as they do in JSON.",
        why: "That is how the columns are stored.",
        example: "print gettype(pack_array(datetime(2024-01-01))[0])",
        result: "string",
    },
    Difference {
        subject: "Hashes of what is no text",
        kusto: "`hash` of numbers and times goes by their bytes.",
        here: "By their text.",
        why: "The bytes are not documented. Hashes of texts are the same.",
        example: "print hash('World')",
        result: "1846988464401551951",
    },
    Difference {
        subject: "Anomalies without seasons",
        kusto: "`series_decompose_anomalies` finds and takes out a season.",
        here: "The average or, with `linefit`, a line is taken out, seasons are not; the answer has a warning.",
        why: "Not built yet.",
        example: "print series_decompose_anomalies(dynamic([1, 2, 1, 2, 1, 2, 1, 90, 1, 2, 1, 2])).ad_flag",
        result: "[0,0,0,0,0,0,0,1,0,0,0,0]",
    },
    Difference {
        subject: "parse_user_agent is empty",
        kusto: "Browser, system and device of a user agent.",
        here: "An empty bag and a warning.",
        why: "It needs a collection of patterns that is not part of the server.",
        example: "print parse_user_agent('Mozilla/5.0', 'browser')",
        result: "{}",
    },
    Difference {
        subject: "materialize",
        kusto: "Worked out once and held.",
        here: "Worked out at each use. The rows are the same, because `take`, `sample` and the clock are.",
        why: "The engine reads column files faster than it would hold tables, and memory is shared by all queries. With `rand` or `new_guid` inside, the uses differ.",
        example: "let T = materialize(range x from 1 to 50 step 1 | sample 7); T | join kind=inner T on x | count",
        result: "7",
    },
    Difference {
        subject: "cluster, database, workspace",
        kusto: "Tables of other places.",
        here: "Left out, with a warning: there is one database.",
        why: "Queries that name their own place run unchanged.",
        example: "database('x').DeviceInfo | count",
        result: "0",
    },
    Difference {
        subject: "set has no effect",
        kusto: "Options of the engine.",
        here: "Read, without effect, with a warning.",
        why: "They are about Kusto's own machinery. Limits are those of the server.",
        example: "set truncationmaxrecords = 5; print 1",
        result: "1",
    },
    Difference {
        subject: "Default range of time",
        kusto: "None; the portal of Defender adds 30 days.",
        here: "Portal, API and `nenrin query` look back 30 days when the query names no time (`--days`, `--all-time`).",
        why: "A query without a time would read everything that is stored.",
        example: "",
        result: "",
    },
    Difference {
        subject: "Limits",
        kusto: "500,000 rows and 64 MB of an answer, 4 minutes.",
        here: "Named caps on rows, bytes, time and memory (`crates/query/src/limits.rs`); an answer that was cut says which one did it.",
        why: "Everything has a limit, and nothing is left out in silence.",
        example: "",
        result: "",
    },
    Difference {
        subject: "externaldata is off",
        kusto: "Reads any web address.",
        here: "Refused, unless the administrator allows the beginning of the address; never a private address.",
        why: "It is a way for data to leave and for queries to reach inside.",
        example: "externaldata(x: string)['https://example.com/a.csv']",
        result: "KQL170: `externaldata` is switched off for this address.",
    },
    Difference {
        subject: "SeenBy",
        kusto: "Which devices saw a device that is not onboarded.",
        here: "An empty column and a warning.",
        why: "There is no such data. An error would stop the hunt.",
        example: "datatable(DeviceId: string)['d1'] | invoke SeenBy() | project isempty(SeenBy)",
        result: "True",
    },
    Difference {
        subject: "geo_info_from_ip_address",
        kusto: "Country, city and place.",
        here: "Empty, with a warning, unless a geography file is set up.",
        why: "The file has a licence of its own.",
        example: "print isempty(geo_info_from_ip_address('20.53.203.50').country)",
        result: "True",
    },
    Difference {
        subject: "Tables of other products",
        kusto: "`_Im_…`, `_GetWatchlist` and tables such as `EmailEvents`.",
        here: "Refused by name.",
        why: "Their data is not collected here.",
        example: "_Im_Dns() | count",
        result: "KQL107: `_Im_Dns` stands for tables of other products, which are not stored here.",
    },
];
