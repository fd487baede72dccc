;; Has a memory of 64 bits, which this host does not offer. Refused when it is loaded.
(component
  (core module (memory i64 1)))
