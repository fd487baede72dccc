;; Imports HTTP. Refused by name, before it is compiled.
(component (import "wasi:http/outgoing-handler@0.2.0" (instance)))
