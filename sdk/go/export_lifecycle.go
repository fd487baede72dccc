//go:build wasip1 && greenroom_lifecycle

package greenroom

import "greenroom/internal/abi"

//go:wasmexport greenroom:agent/lifecycle@0.2.0#describe
func exportDescribe() abi.At {
	defer abi.End()
	abi.Forget()
	descriptor := agent().Describe()
	at := abi.Room(92)
	lowerDescriptor(at, &descriptor)
	return at
}

//go:wasmexport greenroom:agent/lifecycle@0.2.0#configure
func exportConfigure(at, bytes uint32) abi.At {
	defer abi.End()
	abi.Forget()
	document := Document(abi.ListOf[byte](at, bytes))
	abi.Lifted()
	params, err := DecodeParams(document)
	if err == nil {
		err = agent().Configure(params)
	}
	return lowerDone(err)
}

//go:wasmexport greenroom:agent/lifecycle@0.2.0#snapshot
func exportSnapshot() abi.At {
	defer abi.End()
	abi.Forget()
	schema := agent().Describe().SnapshotSchema
	var state []byte
	stateful, err := statefulOf(schema)
	if err == nil && stateful != nil {
		state, err = stateful.Snapshot()
	}
	return lowerResult(err, 20, 4, func(at abi.At) {
		at.SetText(schema)
		abi.SetList(at+8, state)
	})
}

//go:wasmexport greenroom:agent/lifecycle@0.2.0#restore
func exportRestore(schemaAt, schemaBytes, at, bytes uint32) abi.At {
	defer abi.End()
	abi.Forget()
	schema := abi.TextOf(schemaAt, schemaBytes)
	state := abi.ListOf[byte](at, bytes)
	abi.Lifted()
	return lowerDone(restore(schema, state))
}

func restore(schema string, state []byte) error {
	mine := agent().Describe()
	if schema != mine.SnapshotSchema {
		return InvalidState(mine.Name + " " + mine.Version + " restores states of schema \"" + mine.SnapshotSchema +
			"\", not \"" + schema + "\": train this agent, or give it its own state")
	}
	stateful, err := statefulOf(schema)
	if err != nil || stateful == nil {
		return err
	}
	return stateful.Restore(state)
}

// The agent as one with a state; nil when it has none and says so.
func statefulOf(schema string) (Stateful, error) {
	stateful, ok := agent().(Stateful)
	if !ok && schema != "" {
		return nil, Internal("Describe names the state \"" + schema +
			"\", but the agent has no Snapshot() ([]byte, error) and Restore([]byte) error")
	}
	return stateful, nil
}
