//! For editors: the language server zls finds `greenroom` by it, once `greenroom build` has laid out the SDK in build/sdk.
//! `greenroom build` and `greenroom test` do not need it. `zig build test` works too; the first time it takes minutes, because
//! Zig then compiles its own build system.

const std = @import("std");

pub fn build(b: *std.Build) void {
    const target = b.standardTargetOptions(.{});
    const optimize = b.standardOptimizeOption(.{});
    const greenroom = b.createModule(.{ .root_source_file = b.path("build/sdk/greenroom.zig") });
    const agent = b.createModule(.{
        .root_source_file = b.path("agent.zig"),
        .target = target,
        .optimize = optimize,
        .imports = &.{.{ .name = "greenroom", .module = greenroom }},
    });
    const tests = b.addTest(.{ .root_module = agent });
    b.step("test", "Run the tests of the agent").dependOn(&b.addRunArtifact(tests).step);
}
