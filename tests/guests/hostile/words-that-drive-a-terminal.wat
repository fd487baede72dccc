;; Logs an error with escape sequences as its last words, and traps. The fault tells them escaped.
(module
  (import "greenroom:agent/log@0.1.0" "write" (func $write (param i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (data (i32.const 16) "\1b[2J\nforged: line\r")
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (call $write (i32.const 3) (i32.const 16) (i32.const 18))
    unreachable
    i32.const 1024))
