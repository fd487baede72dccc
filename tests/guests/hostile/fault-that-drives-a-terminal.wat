;; Fails with a message of escape sequences. The fault tells them escaped.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (data (i32.const 2048) "\1b[2J\nforged: line\r")
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (i32.store8 (i32.const 1024) (i32.const 1))
    (i32.store8 (i32.const 1032) (i32.const 5))
    (i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (i32.const 18))
    i32.const 1024))
