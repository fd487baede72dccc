;; Grows its memory page by page. Ends at its budget.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (loop $again
      (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
      (br $again))
    i32.const 1024))
