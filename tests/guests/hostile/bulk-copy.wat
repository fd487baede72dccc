;; Copies its memory onto itself in operations of the greatest size, which no epoch interrupts. Ends at its fuel or
;; its deadline.
(module
  (memory (export "memory") 128)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (loop $again
      (memory.copy (i32.const 1) (i32.const 0) (i32.const 8388600))
      (br $again))
    i32.const 1024))
