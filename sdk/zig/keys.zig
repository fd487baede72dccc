//! Selecting and sorting numbers, for `Candidates.best`: a metered guest pays for every comparison, and the sort of the standard
//! library takes ten times the fuel of one by digits.

const std = @import("std");
const Allocator = std.mem.Allocator;

/// Puts the `n` smallest first, in any order (Hoare's selection; the pivot is the median of three).
pub fn select(keys: []u64, n: usize) void {
    var rest = keys;
    var wanted = n;
    while (rest.len > 16 and wanted > 0 and wanted < rest.len) {
        const a, const b, const c = .{ rest[0], rest[rest.len / 2], rest[rest.len - 1] };
        const pivot = @max(@min(a, b), @min(@max(a, b), c));
        var low: usize = 0;
        var high: usize = rest.len - 1;
        while (true) {
            while (rest[low] < pivot) low += 1;
            while (rest[high] > pivot) high -= 1;
            if (low >= high) break;
            std.mem.swap(u64, &rest[low], &rest[high]);
            low += 1;
            high -= 1;
        }
        // All before `low` are at most the pivot, all from `low` on at least.
        if (wanted <= low) {
            if (low == rest.len) break;
            rest = rest[0..low];
        } else {
            if (low == 0) break;
            rest = rest[low..];
            wanted -= low;
        }
    }
    if (wanted > 0 and wanted < rest.len) insert(rest);
}

/// Below so many, putting each number in its place is cheaper than counting digits.
const few = 48;

/// Sorts in ascending order, by counting digits of eight bits from the last to the first (LSD radix sort).
pub fn sort(arena: Allocator, keys: []u64) Allocator.Error!void {
    if (keys.len <= few) return insert(keys);
    var counts: [8][256]u32 = @splat(@splat(0));
    for (keys) |key| inline for (0..8) |digit| {
        counts[digit][@as(u8, @truncate(key >> 8 * digit))] += 1;
    };
    var from = keys;
    var to = try arena.alloc(u64, keys.len);
    for (0..8) |digit| {
        const shift: u6 = @intCast(8 * digit);
        const starts = &counts[digit];
        // A digit that is the same in all of them orders nothing.
        if (starts[@as(u8, @truncate(from[0] >> shift))] == keys.len) continue;
        var sum: u32 = 0;
        for (starts) |*start| {
            const count = start.*;
            start.* = sum;
            sum += count;
        }
        for (from) |key| {
            const start = &starts[@as(u8, @truncate(key >> shift))];
            to[start.*] = key;
            start.* += 1;
        }
        std.mem.swap([]u64, &from, &to);
    }
    if (from.ptr != keys.ptr) @memcpy(keys, from);
}

fn insert(keys: []u64) void {
    for (keys, 0..) |key, i| {
        var place = i;
        while (place > 0 and keys[place - 1] > key) : (place -= 1) keys[place] = keys[place - 1];
        keys[place] = key;
    }
}

test "what is selected and sorted is the head of what is sorted by the standard library" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var random: std.Random.DefaultPrng = .init(7);
    for (0..500) |round| {
        _ = arena.reset(.retain_capacity);
        const n = random.random().uintLessThan(usize, 200);
        const keys = try arena.allocator().alloc(u64, n);
        for (keys) |*key| key.* = if (round % 2 == 0) random.random().uintAtMost(u64, round) else random.random().int(u64);
        const sorted = try arena.allocator().dupe(u64, keys);
        std.mem.sortUnstable(u64, sorted, {}, std.sort.asc(u64));
        const most = random.random().uintAtMost(usize, n);
        select(keys, most);
        try sort(arena.allocator(), keys[0..most]);
        try std.testing.expectEqualSlices(u64, sorted[0..most], keys[0..most]);
    }
}
