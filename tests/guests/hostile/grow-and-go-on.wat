;; Asks for more memory than it may have, is refused, and answers all the same. That is its right: it has no more
;; than its budget.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (drop (memory.grow (i32.const 65535)))
    (drop (memory.grow (i32.const 4096)))
    (drop (memory.grow (i32.const 16)))
    i32.const 1024))
