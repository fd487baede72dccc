;; Reads past the end of its memory, with the greatest offset there is. A trap.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (drop (i64.load offset=0xffffffff (i32.const -1)))
    i32.const 1024))
