//! Parameters as a struct: each field is a type that says what the parameter takes, and holds what it was given.
//!
//!     const Parameters = struct {
//!         strength: greenroom.Float(.{ .low = 0, .high = 1, .default = 0.1, .summary = "how much it matters" }),
//!     };
//!
//! `of(Parameters)` is what `describe` says of them, and `configure` gets them: `parameters.strength.value`.

const std = @import("std");
const Call = @import("call.zig").Call;
const Error = @import("call.zig").Error;
const descriptor = @import("descriptor.zig");
const msgpack = @import("msgpack.zig");

const Condition = descriptor.Condition;
const Domain = descriptor.Domain;

const FloatSpec = struct {
    low: f64,
    high: f64,
    default: f64,
    summary: []const u8,
    /// Its order of magnitude matters rather than its value.
    log: bool = false,
    /// It matters only when another parameter has one of some values.
    when: ?Condition = null,
    /// `learn` and `fit` read it: a change needs a new state.
    shapes_state: bool = false,
};

/// A real parameter in [low, high]: `.value` is an f64.
pub fn Float(comptime spec: FloatSpec) type {
    return struct {
        value: f64 = spec.default,

        const said = spec;
        const expected = "a number";
        const required = true;
        const domain: Domain = .{
            .float = .{ .low = spec.low, .high = spec.high, .default = spec.default, .log = spec.log },
        };

        fn take(self: *@This(), _: *Call, reader: *msgpack.Reader) Taking!void {
            self.value = try number(reader);
        }
    };
}

const IntegerSpec = struct {
    low: i64,
    high: i64,
    default: i64,
    summary: []const u8,
    /// Its order of magnitude matters rather than its value.
    log: bool = false,
    /// It matters only when another parameter has one of some values.
    when: ?Condition = null,
    /// `learn` and `fit` read it: a change needs a new state.
    shapes_state: bool = false,
};

/// A whole parameter in [low, high]: `.value` is an i64.
pub fn Integer(comptime spec: IntegerSpec) type {
    return struct {
        value: i64 = spec.default,

        const said = spec;
        const expected = "a whole number";
        const required = true;
        const domain: Domain = .{
            .integer = .{ .low = spec.low, .high = spec.high, .default = spec.default, .log = spec.log },
        };

        fn take(self: *@This(), _: *Call, reader: *msgpack.Reader) Taking!void {
            self.value = switch (try reader.next()) {
                .integer => |x| x,
                else => return error.Wrong,
            };
        }
    };
}

const OtherSpec = struct {
    summary: []const u8,
    /// It matters only when another parameter has one of some values.
    when: ?Condition = null,
    /// `learn` and `fit` read it: a change needs a new state.
    shapes_state: bool = false,
};

/// One of several names, which are those of an enum: `.value` is one of it.
pub fn Choice(comptime Options: type, comptime default: Options, comptime spec: OtherSpec) type {
    return struct {
        value: Options = default,

        const said = spec;
        const names = @typeInfo(Options).@"enum".field_names;
        const options: []const []const u8 = blk: {
            var all: [names.len][]const u8 = undefined;
            for (&all, names) |*option, name| option.* = name;
            const constant = all;
            break :blk &constant;
        };
        const expected = blk: {
            var all: []const u8 = "one of";
            for (names, 0..) |name, i| all = all ++ (if (i == 0) " " else ", ") ++ name;
            break :blk all;
        };
        const required = true;
        const domain: Domain = .{ .choice = .{ .options = options, .default = @tagName(default) } };

        fn take(self: *@This(), _: *Call, reader: *msgpack.Reader) Taking!void {
            self.value = switch (try reader.next()) {
                .text => |x| std.meta.stringToEnum(Options, x) orelse return error.Wrong,
                else => return error.Wrong,
            };
        }
    };
}

/// A switch: `.value` is a bool.
pub fn Boolean(comptime default: bool, comptime spec: OtherSpec) type {
    return struct {
        value: bool = default,

        const said = spec;
        const expected = "true or false";
        const required = true;
        const domain: Domain = .{ .boolean = default };

        fn take(self: *@This(), _: *Call, reader: *msgpack.Reader) Taking!void {
            self.value = switch (try reader.next()) {
                .boolean => |x| x,
                else => return error.Wrong,
            };
        }
    };
}

/// Items, given by external id in the graph file: `.value` are their rows, none when not given. They last as long as the
/// agent.
pub fn Items(comptime spec: OtherSpec) type {
    return struct {
        value: []const u32 = &.{},

        const said = spec;
        const expected = "a list of items";
        const required = false;
        const domain: Domain = .items;

        fn take(self: *@This(), call: *Call, reader: *msgpack.Reader) Taking!void {
            const rows = try call.kept.alloc(u32, try elements(reader));
            for (rows) |*row| row.* = switch (try reader.next()) {
                .integer => |x| std.math.cast(u32, x) orelse return error.Wrong,
                else => return error.Wrong,
            };
            self.value = rows;
        }
    };
}

/// A number by name.
pub const Named = struct { name: []const u8, value: f64 };

/// What a parameter of numbers was given.
pub const Given = union(enum) {
    nothing,
    list: []const f64,
    /// By ascending bytes of the name.
    map: []const Named,

    /// The number of a name; null when it has none.
    pub fn get(given: Given, name: []const u8) ?f64 {
        if (given == .map) for (given.map) |one| if (std.mem.eql(u8, one.name, name)) return one.value;
        return null;
    }
};

/// A list of numbers, or a map from names to numbers: `.value` is `Given`. They last as long as the agent.
pub fn Numbers(comptime spec: OtherSpec) type {
    return struct {
        value: Given = .nothing,

        const said = spec;
        const expected = "a list of numbers, or a map from names to numbers";
        const required = false;
        const domain: Domain = .numbers;

        fn take(self: *@This(), call: *Call, reader: *msgpack.Reader) Taking!void {
            var ahead = reader.*;
            switch (try ahead.next()) {
                .list => {
                    const list = try call.kept.alloc(f64, try elements(reader));
                    for (list) |*x| x.* = try number(reader);
                    self.value = .{ .list = list };
                },
                .map => {
                    const map = try call.kept.alloc(Named, try elements(reader));
                    for (map) |*one| one.* = .{ .name = try name(call, reader), .value = try number(reader) };
                    std.mem.sort(Named, map, {}, isBefore);
                    self.value = .{ .map = map };
                },
                else => return error.Wrong,
            }
        }

        fn name(call: *Call, reader: *msgpack.Reader) Taking![]const u8 {
            return switch (try reader.next()) {
                .text => |x| call.kept.dupe(u8, x),
                else => error.Wrong,
            };
        }

        fn isBefore(_: void, a: Named, b: Named) bool {
            return std.mem.lessThan(u8, a.name, b.name);
        }
    };
}

const Taking = error{ Wrong, Broken, OutOfMemory };

fn number(reader: *msgpack.Reader) Taking!f64 {
    return switch (try reader.next()) {
        .float => |x| x,
        .integer => |x| @floatFromInt(x),
        .large => |x| @floatFromInt(x),
        else => error.Wrong,
    };
}

/// How many elements the list or the map holds that comes next. Each takes a byte at least, so that no length can ask for
/// more memory than the bytes that came.
fn elements(reader: *msgpack.Reader) Taking!u32 {
    const n, const bytes_each = switch (try reader.next()) {
        .list => |n| .{ n, @as(u64, 1) },
        .map => |n| .{ n, 2 },
        else => return error.Wrong,
    };
    return if (n * bytes_each <= reader.rest.len) n else error.Broken;
}

/// What `describe` says of the parameters of a struct.
pub fn of(comptime Parameters: type) []const descriptor.Parameter {
    comptime {
        const info = @typeInfo(Parameters).@"struct";
        var all: [info.field_names.len]descriptor.Parameter = undefined;
        for (&all, info.field_names, info.field_types) |*parameter, name, Field| parameter.* = .{
            .name = name,
            .summary = Field.said.summary,
            .domain = Field.domain,
            .condition = Field.said.when,
            .shapes_state = Field.said.shapes_state,
        };
        const constant = all;
        return &constant;
    }
}

/// The parameters with their defaults: what `configure` gets when a graph file says nothing.
pub fn defaults(comptime Parameters: type) Parameters {
    const info = @typeInfo(Parameters).@"struct";
    var all: Parameters = undefined;
    inline for (info.field_names) |name| @field(all, name) = .{};
    return all;
}

/// The parameters of the MessagePack map that the host hands over. A fault of kind `invalid_parameters` when one is missing or
/// of another type. What they hold of memory lasts as long as the agent. Names that are not among the fields are passed by.
pub fn decode(comptime Parameters: type, call: *Call, document: []const u8) Error!Parameters {
    const info = @typeInfo(Parameters).@"struct";
    var all = defaults(Parameters);
    var given: [info.field_names.len]bool = @splat(false);
    var reader: msgpack.Reader = .init(document);
    read(Parameters, call, &all, &given, &reader) catch |e| return switch (e) {
        error.Broken, error.Wrong => call.fail(.invalid_parameters, "the parameters are not a map of known values: " ++
            "they break off at byte {d} of {d}", .{ document.len - reader.rest.len, document.len }),
        error.OutOfMemory => error.OutOfMemory,
        error.Fault => error.Fault,
    };
    inline for (info.field_names, info.field_types, given) |name, Field, is_given| {
        if (Field.required and !is_given) {
            return call.fail(.invalid_parameters, "`" ++ name ++ "` (" ++ Field.expected ++ ") is missing", .{});
        }
    }
    return all;
}

fn read(
    comptime Parameters: type,
    call: *Call,
    all: *Parameters,
    given: []bool,
    reader: *msgpack.Reader,
) (Taking || Error)!void {
    const info = @typeInfo(Parameters).@"struct";
    if (reader.isAtEnd()) return;
    var left = switch (try reader.next()) {
        .map => |pairs| pairs,
        else => return error.Broken,
    };
    while (left > 0) : (left -= 1) {
        const key = switch (try reader.next()) {
            .text => |text| text,
            else => return error.Broken,
        };
        const before = reader.*;
        inline for (info.field_names, info.field_types, given) |name, Field, *is_given| {
            if (std.mem.eql(u8, key, name)) {
                @field(all, name).take(call, reader) catch |e| switch (e) {
                    error.Wrong => return wrong(call, name, Field.expected, before),
                    else => return e,
                };
                is_given.* = true;
                break;
            }
        } else try reader.skip();
    }
    if (!reader.isAtEnd()) return error.Broken;
}

fn wrong(call: *Call, name: []const u8, expected: []const u8, at: msgpack.Reader) (Taking || Error)!void {
    var reader = at;
    const found = try reader.next();
    return call.fail(.invalid_parameters, "`{s}` takes {s}, not {f}", .{ name, expected, found });
}

const Example = struct {
    f: Float(.{ .low = 0, .high = 1, .default = 0.5, .summary = "f" }),
    i: Integer(.{ .low = 0, .high = 9, .default = 1, .summary = "i", .shapes_state = true }),
    c: Choice(enum { x, @"ü" }, .x, .{ .summary = "c" }),
    b: Boolean(true, .{ .summary = "b", .when = .{ .parameter = "c", .values = &.{"x"} } }),
    rows: Items(.{ .summary = "rows" }),
    weights: Numbers(.{ .summary = "weights" }),
};

fn expectFault(document: []const u8, message: []const u8) !void {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var call: Call = .{ .arena = arena.allocator(), .kept = arena.allocator() };
    try std.testing.expectError(error.Fault, decode(Example, &call, document));
    try std.testing.expectEqualStrings(message, call.fault.?.message);
}

test "parameters are what the map says" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var call: Call = .{ .arena = arena.allocator(), .kept = arena.allocator() };
    const document = "\x87\xa1f\x01\xa1i\xd0\xff\xa1c\xa2ü\xa1b\xc2\xa4rows\x92\x07\xcd\x01\x00" ++
        "\xa1z\x91\xc0\xa7weights\x82\xa1b\x02\xa1a\xca\x3f\x00\x00\x00";
    const all = try decode(Example, &call, document);
    try std.testing.expectEqual(1, all.f.value);
    try std.testing.expectEqual(-1, all.i.value);
    try std.testing.expectEqual(.@"ü", all.c.value);
    try std.testing.expectEqual(false, all.b.value);
    try std.testing.expectEqualSlices(u32, &.{ 7, 256 }, all.rows.value);
    try std.testing.expectEqualStrings("a", all.weights.value.map[0].name);
    try std.testing.expectEqual(2, all.weights.value.get("b"));
    for (0..document.len) |cut| try std.testing.expectError(error.Fault, decode(Example, &call, document[0..cut]));
}

test "what is missing or of another type is named" {
    try expectFault("", "`f` (a number) is missing");
    try expectFault("\x81\xa1f\xa1x", "`f` takes a number, not \"x\"");
    try expectFault("\x81\xa1i\xca\x3f\x00\x00\x00", "`i` takes a whole number, not 0.5");
    try expectFault("\x81\xa1c\xa1y", "`c` takes one of x, ü, not \"y\"");
    try expectFault("\x81\xa1b\x01", "`b` takes true or false, not 1");
    try expectFault("\x81\xa4rows\x91\xff", "`rows` takes a list of items, not a list of 1");
    try expectFault("\x81\xa7weights\xc0", "`weights` takes a list of numbers, or a map from names to numbers, not nothing");
    try expectFault("\x90", "the parameters are not a map of known values: they break off at byte 1 of 1");
}

test "what is said of parameters is what their types say" {
    const all = comptime of(Example);
    try std.testing.expectEqualStrings("i", all[1].name);
    try std.testing.expect(all[1].shapes_state and !all[0].shapes_state);
    try std.testing.expectEqualStrings("ü", all[2].domain.choice.options[1]);
    try std.testing.expectEqualStrings("c", all[3].condition.?.parameter);
    try std.testing.expectEqual(0.5, defaults(Example).f.value);
}
