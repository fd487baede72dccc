;; Calls itself without end in its start function. The stack's end is a trap, not a crash.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func $deep (call $deep) (call $deep))
  (start $deep)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    i32.const 1024))
