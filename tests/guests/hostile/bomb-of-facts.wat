;; Asks for sixty thousand facts of a million rows. Ends at its bytes through host calls before anything is made for
;; the answer.
(module
  (import "greenroom:agent/memory@0.1.0" "gather" (func $gather (param i32 i32 i32 i32 i32)))
  (memory (export "memory") 128)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (call $gather (i32.const 65536) (i32.const 1000000) (i32.const 65536) (i32.const 60000) (i32.const 512))
    i32.const 1024))
