;; Fills and copies a table in operations of the greatest size. Ends at its fuel or its deadline.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (table $t 100000 funcref)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (loop $again
      (table.fill $t (i32.const 0) (ref.null func) (i32.const 100000))
      (table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 99999))
      (br $again))
    i32.const 1024))
