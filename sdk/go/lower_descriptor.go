//go:build wasip1 && greenroom_lifecycle

package greenroom

import "greenroom/internal/abi"

func lowerDescriptor(at abi.At, descriptor *Descriptor) {
	at.SetText(descriptor.Name)
	(at + 8).SetText(descriptor.Version)
	(at + 16).SetText(descriptor.Summary)
	(at + 24).SetU8(uint8(descriptor.Role))
	(at + 25).SetU8(uint8(descriptor.Layer))
	(at + 28).SetText(descriptor.InnerMetric)
	(at + 36).SetU8(uint8(descriptor.RewardLevel))
	abi.SetEach(at+40, 20, descriptor.Inputs, lowerPort)
	(at + 48).SetU8(uint8(descriptor.Output))
	abi.SetEach(at+52, 12, descriptor.Produces, lowerColumnSpec)
	(at + 60).SetU32(descriptor.HistoryMax)
	(at + 64).SetTexts(descriptor.Facts)
	abi.SetEach(at+72, 80, descriptor.Parameters, lowerParameter)
	(at + 80).SetText(descriptor.SnapshotSchema)
	(at + 88).SetU8(uint8(descriptor.Learning))
}

func lowerPort(at abi.At, port Port) {
	at.SetText(port.Name)
	(at + 8).SetU8(uint8(port.Kind))
	(at + 9).SetBool(port.Optional)
	abi.SetEach(at+12, 12, port.Columns, lowerColumnSpec)
}

func lowerColumnSpec(at abi.At, spec ColumnSpec) {
	at.SetText(spec.Name)
	(at + 8).SetU8(uint8(spec.Kind))
}

func lowerParameter(at abi.At, parameter Parameter) {
	at.SetText(parameter.name)
	(at + 8).SetText(parameter.summary)
	lowerDomain(at+16, &parameter.domain)
	if condition := parameter.condition; condition != nil {
		(at + 56).SetU8(1)
		(at + 60).SetText(condition.parameter)
		(at + 68).SetTexts(condition.values)
	}
	(at + 76).SetBool(parameter.shapesState)
}

func lowerDomain(at abi.At, domain *domain) {
	at.SetU8(domain.kind)
	holds := at + 8
	switch domain.kind {
	case floatDomain:
		for i, bound := range domain.floats {
			(holds + abi.At(8*i)).SetF64(bound)
		}
		(holds + 24).SetBool(domain.log)
	case integerDomain:
		for i, bound := range domain.integers {
			(holds + abi.At(8*i)).SetU64(uint64(bound))
		}
		(holds + 24).SetBool(domain.log)
	case choiceDomain:
		holds.SetTexts(domain.options)
		(holds + 8).SetText(domain.chosen)
	case booleanDomain:
		holds.SetBool(domain.on)
	}
}
