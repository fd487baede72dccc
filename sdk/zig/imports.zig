//! What the host offers, as it is imported: the only place that names imports.

const std = @import("std");
const Allocator = std.mem.Allocator;
const abi = @import("abi.zig");
const memory = @import("memory.zig");
const Column = @import("candidates.zig").Column;

fn Answer(comptime Ok: type) type {
    return abi.Result(Ok, memory.Refusal);
}

const raw = struct {
    extern "greenroom:agent/memory@0.2.0" fn @"[method]namespace.get"(
        space: u32,
        key: u32,
        key_len: u32,
        answer: [*]u8,
    ) void;
    extern "greenroom:agent/memory@0.2.0" fn @"[method]namespace.get-many"(
        space: u32,
        keys: u32,
        keys_len: u32,
        answer: [*]u8,
    ) void;
    extern "greenroom:agent/memory@0.2.0" fn @"[method]namespace.put"(
        space: u32,
        key: u32,
        key_len: u32,
        value: u32,
        value_len: u32,
        answer: [*]u8,
    ) void;
    extern "greenroom:agent/memory@0.2.0" fn @"[method]namespace.compare-and-swap"(
        space: u32,
        key: u32,
        key_len: u32,
        expects: u32,
        expected: u64,
        value: u32,
        value_len: u32,
        answer: [*]u8,
    ) void;
    extern "greenroom:agent/memory@0.2.0" fn @"[method]namespace.delete"(
        space: u32,
        key: u32,
        key_len: u32,
        answer: [*]u8,
    ) void;
    extern "greenroom:agent/memory@0.2.0" fn @"[method]namespace.scan"(
        space: u32,
        prefix: u32,
        prefix_len: u32,
        begins: u32,
        after: u32,
        after_len: u32,
        limit: u32,
        answer: [*]u8,
    ) void;
    extern "greenroom:agent/memory@0.2.0" fn @"[resource-drop]namespace"(space: u32) void;
    extern "greenroom:agent/memory@0.2.0" fn open(name: u32, name_len: u32, answer: [*]u8) void;
    extern "greenroom:agent/memory@0.2.0" fn @"row-count"() u32;
    extern "greenroom:agent/memory@0.2.0" fn gather(
        rows: u32,
        rows_len: u32,
        fields: u32,
        fields_len: u32,
        answer: [*]u8,
    ) void;
    extern "greenroom:agent/memory@0.2.0" fn labels(field: u32, field_len: u32, answer: [*]u8) void;
    extern "greenroom:agent/log@0.2.0" fn write(level: u32, message: u32, message_len: u32) void;
    extern "greenroom:agent/metric@0.2.0" fn count(name: u32, name_len: u32, value: f64) void;
    extern "greenroom:agent/metric@0.2.0" fn observe(name: u32, name_len: u32, value: f64) void;
};

/// Where the host writes an answer before it is read.
fn Area(comptime T: type) type {
    return struct { bytes: [abi.sizeOf(T)]u8 align(abi.alignOf(T)) = undefined };
}

fn text(bytes: []const u8) struct { u32, u32 } {
    const list = abi.lowerList(u8, undefined, bytes);
    return .{ list.at, list.len };
}

pub fn get(arena: Allocator, space: u32, key: []const u8) Answer(?memory.Entry) {
    var area: Area(Answer(?memory.Entry)) = .{};
    const at, const len = text(key);
    raw.@"[method]namespace.get"(space, at, len, &area.bytes);
    return abi.lift(Answer(?memory.Entry), arena, &area.bytes);
}

pub fn getMany(arena: Allocator, space: u32, keys: []const []const u8) Answer([]const ?memory.Entry) {
    var area: Area(Answer([]const ?memory.Entry)) = .{};
    const list = abi.lowerList([]const u8, arena, keys);
    raw.@"[method]namespace.get-many"(space, list.at, list.len, &area.bytes);
    return abi.lift(Answer([]const ?memory.Entry), arena, &area.bytes);
}

pub fn put(arena: Allocator, space: u32, key: []const u8, value: []const u8) Answer(u64) {
    var area: Area(Answer(u64)) = .{};
    const at, const len = text(key);
    const value_at, const value_len = text(value);
    raw.@"[method]namespace.put"(space, at, len, value_at, value_len, &area.bytes);
    return abi.lift(Answer(u64), arena, &area.bytes);
}

pub fn compareAndSwap(arena: Allocator, space: u32, key: []const u8, expected: ?u64, value: []const u8) Answer(u64) {
    var area: Area(Answer(u64)) = .{};
    const at, const len = text(key);
    const value_at, const value_len = text(value);
    const expects = @intFromBool(expected != null);
    raw.@"[method]namespace.compare-and-swap"(space, at, len, expects, expected orelse 0, value_at, value_len, &area.bytes);
    return abi.lift(Answer(u64), arena, &area.bytes);
}

pub fn delete(arena: Allocator, space: u32, key: []const u8) Answer(bool) {
    var area: Area(Answer(bool)) = .{};
    const at, const len = text(key);
    raw.@"[method]namespace.delete"(space, at, len, &area.bytes);
    return abi.lift(Answer(bool), arena, &area.bytes);
}

pub fn scan(arena: Allocator, space: u32, prefix: []const u8, after: ?[]const u8, limit: u32) Answer(memory.Page) {
    var area: Area(Answer(memory.Page)) = .{};
    const at, const len = text(prefix);
    const after_at, const after_len = text(after orelse "");
    raw.@"[method]namespace.scan"(space, at, len, @intFromBool(after != null), after_at, after_len, limit, &area.bytes);
    return abi.lift(Answer(memory.Page), arena, &area.bytes);
}

pub fn close(space: u32) void {
    raw.@"[resource-drop]namespace"(space);
}

pub fn open(arena: Allocator, name: []const u8) Answer(u32) {
    var area: Area(Answer(u32)) = .{};
    const at, const len = text(name);
    raw.open(at, len, &area.bytes);
    return abi.lift(Answer(u32), arena, &area.bytes);
}

pub fn rowCount() u32 {
    return raw.@"row-count"();
}

pub fn gather(arena: Allocator, rows: []const u32, fields: []const []const u8) Answer([]const Column) {
    var area: Area(Answer([]const Column)) = .{};
    const row_list = abi.lowerList(u32, arena, rows);
    const field_list = abi.lowerList([]const u8, arena, fields);
    raw.gather(row_list.at, row_list.len, field_list.at, field_list.len, &area.bytes);
    return abi.lift(Answer([]const Column), arena, &area.bytes);
}

pub fn labels(arena: Allocator, field: []const u8) Answer([]const []const u8) {
    var area: Area(Answer([]const []const u8)) = .{};
    const at, const len = text(field);
    raw.labels(at, len, &area.bytes);
    return abi.lift(Answer([]const []const u8), arena, &area.bytes);
}

pub fn log(level: u32, message: []const u8) void {
    const at, const len = text(message);
    raw.write(level, at, len);
}

pub fn count(name: []const u8, value: f64) void {
    const at, const len = text(name);
    raw.count(at, len, value);
}

pub fn observe(name: []const u8, value: f64) void {
    const at, const len = text(name);
    raw.observe(at, len, value);
}
