;; Exports the policy of the contract without its function. Refused when it is loaded.
(component (instance $none) (export "greenroom:agent/policy@0.1.0" (instance $none)))
