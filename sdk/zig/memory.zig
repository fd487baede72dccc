//! The shared memory layer: item facts, and namespaces that a graph file grants.
//!
//! What fails says why as an error; `call.refusal` has the host's words. Answers last as long as the call.

const std = @import("std");
const Call = @import("call.zig").Call;
const Column = @import("candidates.zig").Column;
const host = @import("host.zig").host;

pub const Error = error{ Denied, Conflict, TooLarge, Quota, NotFound, Unavailable };

/// Why an operation failed, with what the host says of it.
pub const Refusal = union(enum) {
    /// Not granted. Names what was asked for.
    denied: []const u8,
    /// Compare-and-swap found another revision; null when there is no such key.
    conflict: ?u64,
    /// A key, a value or a batch is larger than the host takes. Says what and how large it may be.
    too_large: []const u8,
    /// The namespace is full.
    quota: []const u8,
    /// No such namespace, or no such field.
    not_found: []const u8,
    /// It may work later.
    unavailable: []const u8,
};

/// A value, and the revision at which it was written.
pub const Entry = struct {
    value: []const u8,
    revision: u64,
};

/// A key with its value.
pub const KeyedEntry = struct {
    key: []const u8,
    value: []const u8,
    revision: u64,
};

/// A page of a scan.
pub const Page = struct {
    entries: []const KeyedEntry,
    /// Pass it to go on; null at the end.
    next: ?[]const u8,
};

/// A part of the shared memory layer, open for one call: `defer space.close()`.
pub const Namespace = struct {
    call: *Call,
    handle: u32,

    /// Reads a key; null when there is no such.
    pub fn get(space: Namespace, key: []const u8) Error!?Entry {
        return unwrap(space.call, host.get(space.call.arena, space.handle, key));
    }

    /// Reads several keys; the answer is in their order.
    pub fn getMany(space: Namespace, keys: []const []const u8) Error![]const ?Entry {
        return unwrap(space.call, host.getMany(space.call.arena, space.handle, keys));
    }

    /// Writes a key, whatever was there. Returns the new revision. Who may only append writes a key that is not there, and
    /// is told `error.Conflict` when it is.
    pub fn put(space: Namespace, key: []const u8, value: []const u8) Error!u64 {
        return unwrap(space.call, host.put(space.call.arena, space.handle, key, value));
    }

    /// Writes a key if its revision is `expected`; null expects that there is no such key. Returns the new revision.
    pub fn compareAndSwap(space: Namespace, key: []const u8, expected: ?u64, value: []const u8) Error!u64 {
        return unwrap(space.call, host.compareAndSwap(space.call.arena, space.handle, key, expected, value));
    }

    /// Removes a key. Whether it was there.
    pub fn delete(space: Namespace, key: []const u8) Error!bool {
        return unwrap(space.call, host.delete(space.call.arena, space.handle, key));
    }

    /// Reads keys that begin with `prefix`, in byte order, after the key `after`, `limit` of them at most.
    pub fn scan(space: Namespace, prefix: []const u8, after: ?[]const u8, limit: u32) Error!Page {
        return unwrap(space.call, host.scan(space.call.arena, space.handle, prefix, after, limit));
    }

    /// Gives the namespace back.
    pub fn close(space: Namespace) void {
        host.close(space.handle);
    }
};

/// Opens a namespace that the graph file grants to this agent.
pub fn open(call: *Call, name: []const u8) Error!Namespace {
    return .{ .call = call, .handle = try unwrap(call, host.open(call.arena, name)) };
}

/// How many rows the catalog has: rows are 0 to this number, less one.
pub fn rowCount() u32 {
    return host.rowCount();
}

/// Item facts as columns, one a field, in the order of `rows`. A number is f32 and NaN where unknown; labels are s64, one bit
/// a label in the order of `labels`, 0 where unknown. Needs the grant `items:read`.
pub fn gather(call: *Call, rows: []const u32, fields: []const []const u8) Error![]const Column {
    return unwrap(call, host.gather(call.arena, rows, fields));
}

/// The names behind the bits of a field of labels. Needs the grant `items:read`.
pub fn labels(call: *Call, field: []const u8) Error![]const []const u8 {
    return unwrap(call, host.labels(call.arena, field));
}

fn unwrap(call: *Call, answer: anytype) Error!@FieldType(@TypeOf(answer), "ok") {
    switch (answer) {
        .ok => |value| return value,
        .err => |refusal| {
            call.refusal = refusal;
            return switch (refusal) {
                .denied => error.Denied,
                .conflict => error.Conflict,
                .too_large => error.TooLarge,
                .quota => error.Quota,
                .not_found => error.NotFound,
                .unavailable => error.Unavailable,
            };
        },
    }
}
