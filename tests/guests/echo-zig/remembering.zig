//! A round of everything that `memory` and `log` offer, as one number.

const greenroom = @import("greenroom");
const Call = greenroom.Call;
const Fnv = @import("fnv.zig").Fnv;
const memory = greenroom.memory;

/// What came of it. Revisions differ between runs and are left out.
pub fn round(call: *Call) Fnv {
    var hash: Fnv = .{};
    namespace(call, &hash) catch return hash;

    if (memory.open(call, "denied")) |space| {
        hash.add(@as(u8, 1));
        space.close();
    } else |_| case(&hash, call);
    const rows = memory.rowCount();
    hash.add(rows);
    const first = [_]u32{ 0, 1, 2 };
    whole(&hash, call, memory.gather(call, first[0..@min(3, rows)], &.{"year"}));
    whole(&hash, call, memory.gather(call, &.{}, &.{}));
    whole(&hash, call, memory.labels(call, "genres"));
    greenroom.log.debug("level", .{});
    greenroom.log.info("level", .{});
    greenroom.log.warn("level", .{});
    greenroom.log.err("level", .{});
    return hash;
}

fn namespace(call: *Call, hash: *Fnv) memory.Error!void {
    const space = memory.open(call, "echo") catch |e| {
        refused(hash, call);
        return e;
    };
    defer space.close();
    whole(hash, call, space.delete("k"));
    success(hash, call, space.compareAndSwap("k", null, "v1"));
    entry(hash, call, space.get("k"));
    success(hash, call, space.compareAndSwap("k", null, "v2"));
    var all: [256]u8 = undefined;
    for (&all, 0..) |*byte, i| byte.* = @intCast(i);
    success(hash, call, space.put("ü", &all));
    entries(hash, call, space.getMany(&.{ "k", "missing", "ü" }));
    page(hash, call, space.scan("", null, 1));
    page(hash, call, space.scan("", "k", 10));
    whole(hash, call, space.delete("ü"));
    whole(hash, call, space.delete("ü"));
}

/// A value or an error with its payload.
fn whole(hash: *Fnv, call: *Call, outcome: anytype) void {
    const value = outcome catch return refused(hash, call);
    hash.add(@as(u8, 1));
    hash.add(value);
}

/// That there is a value, or the case of an error.
fn success(hash: *Fnv, call: *Call, outcome: anytype) void {
    _ = outcome catch return case(hash, call);
    hash.add(@as(u8, 1));
}

fn entry(hash: *Fnv, call: *Call, outcome: memory.Error!?memory.Entry) void {
    const found = outcome catch return refused(hash, call);
    hash.add(@as(u8, 1));
    hash.add(valueOf(found));
}

fn entries(hash: *Fnv, call: *Call, outcome: memory.Error![]const ?memory.Entry) void {
    const found = outcome catch return refused(hash, call);
    hash.add(@as(u8, 1));
    hash.add(@as(u32, @intCast(found.len)));
    for (found) |one| hash.add(valueOf(one));
}

fn page(hash: *Fnv, call: *Call, outcome: memory.Error!memory.Page) void {
    const found = outcome catch return refused(hash, call);
    hash.add(@as(u8, 1));
    hash.add(@as(u32, @intCast(found.entries.len)));
    for (found.entries) |one| {
        hash.add(one.key);
        hash.add(one.value);
    }
    hash.add(found.next);
}

fn valueOf(found: ?memory.Entry) ?[]const u8 {
    return if (found) |one| one.value else null;
}

fn refused(hash: *Fnv, call: *Call) void {
    hash.add(@as(u8, 255));
    hash.add(call.refusal.?);
}

fn case(hash: *Fnv, call: *Call) void {
    hash.add(@as(u8, 255));
    hash.add(@as(u8, @backingInt(call.refusal.?)));
}
