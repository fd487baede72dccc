;; Calls itself without end while the host asks it for room, on a stack that the host has begun. A trap, not a crash.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) call $deep)
  (func $deep (result i32) (i32.add (call $deep) (call $deep)))
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    i32.const 1024))
