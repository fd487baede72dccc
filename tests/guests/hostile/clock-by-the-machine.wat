;; Measures how long a loop takes by the clock, and says so in a row. The clock tells nothing: each look is a
;; microsecond after the one before.
(module
  (import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32) (local $began i64) (local $n i32)
    (local.set $began (call $now))
    (local.set $n (i32.const 1000000))
    (loop $again (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.store (i32.const 2048) (i64.sub (call $now) (local.get $began)))
    (i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (i32.const 1))
    (i32.store (i32.const 1044) (i32.const 3072)) (i32.store (i32.const 1048) (i32.const 1))
    i32.const 1024))
