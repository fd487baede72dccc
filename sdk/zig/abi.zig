//! How values of the contract lie in memory (the component model's canonical ABI), worked out from the Zig types.
//!
//! A struct is a record, a tagged union a variant, an enum an enum, an optional an option, a slice a list or a string: each
//! field and case stands in the order of the contract. A list of numbers is a slice of what lies there already, both ways:
//! nothing is copied. Only lists of records are made anew.

const std = @import("std");
const Allocator = std.mem.Allocator;

/// `result<ok, err>` of the contract.
pub fn Result(comptime Ok: type, comptime Err: type) type {
    return union(enum) { ok: Ok, err: Err };
}

/// A list or a string as it lies in memory.
const List = extern struct { at: u32, len: u32 };

/// The alignment of a value, in bytes.
pub fn alignOf(comptime T: type) comptime_int {
    return switch (@typeInfo(T)) {
        .void, .bool, .@"enum" => 1,
        .int => |int| int.bits / 8,
        .float => |float| float.bits / 8,
        .pointer => 4,
        .optional => |optional| alignOf(optional.child),
        .@"struct" => |of| mostOf(alignOf, of.field_types, 1),
        .@"union" => |of| mostOf(alignOf, of.field_types, 1),
        else => @compileError("the contract has no " ++ @typeName(T)),
    };
}

/// The size of a value, in bytes.
pub fn sizeOf(comptime T: type) comptime_int {
    return switch (@typeInfo(T)) {
        .void => 0,
        .pointer => 8,
        .optional => |optional| up(payloadAt(T) + sizeOf(optional.child), alignOf(T)),
        .@"union" => |of| up(payloadAt(T) + mostOf(sizeOf, of.field_types, 0), alignOf(T)),
        .@"struct" => |of| up(offsetOf(T, of.field_types.len), alignOf(T)),
        else => alignOf(T),
    };
}

/// Where a field of a struct begins; its end for the number of fields.
fn offsetOf(comptime T: type, comptime field: usize) comptime_int {
    const types = @typeInfo(T).@"struct".field_types;
    comptime var at = 0;
    inline for (types[0..field]) |Field| at = up(at, alignOf(Field)) + sizeOf(Field);
    return if (field < types.len) up(at, alignOf(types[field])) else at;
}

/// Where the payload of an option or a variant begins, behind the byte that says which it is.
fn payloadAt(comptime T: type) comptime_int {
    return up(1, alignOf(T));
}

fn up(comptime at: comptime_int, comptime alignment: comptime_int) comptime_int {
    return (at + alignment - 1) / alignment * alignment;
}

fn mostOf(comptime of: fn (type) comptime_int, comptime types: []const type, comptime least: comptime_int) comptime_int {
    comptime var most = least;
    inline for (types) |T| most = @max(most, of(T));
    return most;
}

/// Reads the value at `from`. Lists of records are made in `arena`; all else stays where it lies.
pub fn lift(comptime T: type, arena: Allocator, from: [*]const u8) T {
    switch (@typeInfo(T)) {
        .void => return {},
        .bool => return from[0] != 0,
        .int, .float => return as(T, from).*,
        .@"enum" => return @fromBackingInt(@intCast(from[0])),
        .optional => |optional| return if (from[0] == 0) null else lift(optional.child, arena, from + payloadAt(T)),
        .pointer => |pointer| return liftList(pointer.child, arena, as(List, from).*),
        .@"struct" => |of| {
            var value: T = undefined;
            inline for (of.field_names, of.field_types, 0..) |name, Field, i| {
                @field(value, name) = lift(Field, arena, from + offsetOf(T, i));
            }
            return value;
        },
        .@"union" => |of| {
            inline for (of.field_names, of.field_types, 0..) |name, Case, i| {
                if (from[0] == i) return @unionInit(T, name, lift(Case, arena, from + payloadAt(T)));
            }
            unreachable;
        },
        else => comptime unreachable,
    }
}

/// Reads a list that begins at an address: for parameters that are passed as address and length.
pub fn liftSlice(comptime Element: type, arena: Allocator, at: u32, len: u32) []const Element {
    return liftList(Element, arena, .{ .at = at, .len = len });
}

fn liftList(comptime Element: type, arena: Allocator, list: List) []const Element {
    if (list.len == 0) return &.{};
    if (comptime isPlain(Element)) return @as([*]const Element, @ptrFromInt(list.at))[0..list.len];
    const from: [*]const u8 = @ptrFromInt(list.at);
    const elements = arena.alloc(Element, list.len) catch outOfMemory();
    for (elements, 0..) |*element, i| element.* = lift(Element, arena, from + i * sizeOf(Element));
    return elements;
}

/// Writes a value at `to`. Lists of records are laid out in `arena`; numbers and strings are pointed to.
pub fn lower(comptime T: type, arena: Allocator, value: *const T, to: [*]u8) void {
    switch (@typeInfo(T)) {
        .void => {},
        .bool => to[0] = @intFromBool(value.*),
        .int, .float => as(T, to).* = value.*,
        .@"enum" => to[0] = @backingInt(value.*),
        .optional => |optional| {
            to[0] = @intFromBool(value.* != null);
            if (value.*) |*payload| lower(optional.child, arena, payload, to + payloadAt(T));
        },
        .pointer => |pointer| as(List, to).* = lowerList(pointer.child, arena, value.*),
        .@"struct" => |of| inline for (of.field_names, of.field_types, 0..) |name, Field, i| {
            lower(Field, arena, &@field(value, name), to + offsetOf(T, i));
        },
        .@"union" => |of| {
            to[0] = @backingInt(value.*);
            inline for (of.field_names, of.field_types, 0..) |name, Case, i| {
                if (to[0] == i) lower(Case, arena, &@field(value, name), to + payloadAt(T));
            }
        },
        else => comptime unreachable,
    }
}

/// Lays a list out for a parameter that is passed as address and length.
pub fn lowerList(comptime Element: type, arena: Allocator, elements: []const Element) List {
    // The address of nothing has to be aligned and in range all the same.
    if (elements.len == 0) return .{ .at = alignOf(Element), .len = 0 };
    if (comptime isPlain(Element)) return .{ .at = address(elements.ptr), .len = @intCast(elements.len) };
    const to = arena.alignedAlloc(u8, .fromByteUnits(alignOf(Element)), elements.len * sizeOf(Element)) catch outOfMemory();
    for (elements, 0..) |*element, i| lower(Element, arena, element, to.ptr + i * sizeOf(Element));
    return .{ .at = address(to.ptr), .len = @intCast(elements.len) };
}

pub fn address(pointer: anytype) u32 {
    return @intCast(@intFromPtr(pointer));
}

pub fn outOfMemory() noreturn {
    @panic("out of memory: the agent's budget (`memory_max` in the graph file) is used up");
}

/// Whether elements lie in a Zig slice as they do in a list.
fn isPlain(comptime Element: type) bool {
    return switch (@typeInfo(Element)) {
        .int, .float => true,
        else => false,
    };
}

fn as(comptime T: type, at: anytype) if (@TypeOf(at) == [*]u8) *T else *const T {
    return @ptrCast(@alignCast(at));
}

test "records and variants are as large as the contract's" {
    const Candidates = @import("candidates.zig").Candidates;
    const Column = @import("candidates.zig").Column;
    const Observation = @import("observation.zig").Observation;
    const Fault = @import("fault.zig").Fault;
    try std.testing.expectEqual(20, sizeOf(Column));
    try std.testing.expectEqual(32, sizeOf(Candidates));
    try std.testing.expectEqual(16, sizeOf(Fault));
    try std.testing.expectEqual(16, sizeOf(?u64));
    try std.testing.expectEqual(1, sizeOf(Result(void, void)));
    try std.testing.expectEqual(8, alignOf(Observation));
    try std.testing.expectEqual(144, sizeOf(Observation));
}
