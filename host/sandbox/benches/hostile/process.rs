//! What the kernel says of this process.

/// Bytes of this process that are in memory. What is shared counts as often as it is mapped.
pub(crate) fn resident() -> f64 {
    field("self/status", "VmRSS:")
}

/// Bytes of the tables by which the kernel finds this process's memory.
pub(crate) fn page_tables() -> f64 {
    field("self/status", "VmPTE:")
}

/// Bytes of this process's own, and of its share of what it shares.
pub(crate) fn proportional() -> f64 {
    field("self/smaps_rollup", "Pss:")
}

/// Mappings of this process, which `vm.max_map_count` limits.
pub(crate) fn mappings() -> usize {
    std::fs::read_to_string("/proc/self/maps").unwrap().lines().count()
}

/// Bytes that the machine has for processes that ask.
pub(crate) fn available() -> f64 {
    field("meminfo", "MemAvailable:")
}

fn field(file: &str, name: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{file}")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse::<f64>().unwrap() * 1_024.0
}
