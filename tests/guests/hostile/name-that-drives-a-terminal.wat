;; Traps in functions whose names are escape sequences. The fault names them escaped.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func $"\1b[2J\nforged: line" unreachable)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    call $"\1b[2J\nforged: line"
    i32.const 1024))
