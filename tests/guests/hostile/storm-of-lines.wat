;; Logs lines with escape sequences, line breaks and reversed text for ever. What exceeds the quota is dropped, and
;; its number of host calls ends it.
(module
  (import "greenroom:agent/log@0.1.0" "write" (func $write (param i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (data (i32.const 16) "\1b[2J\1b]0;owned\07\nforged: line\r\e2\80\ae")
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (loop $again (call $write (i32.const 1) (i32.const 16) (i32.const 33)) (br $again))
    i32.const 1024))
