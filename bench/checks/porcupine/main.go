// Judges histories of registers with Porcupine, one for each line of its input: a file's name.
//
// A file is one float64 after the other, little endian, five for each operation:
// register, 1 for a read, value, invoked, completed (infinity: nobody knows whether it happened).
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/anishathalye/porcupine"
)

type input struct {
	register int
	isRead   bool
	value    int
}

var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := map[int][]porcupine.Operation{}
		for _, operation := range history {
			register := operation.Input.(input).register
			parts[register] = append(parts[register], operation)
		}
		all := make([][]porcupine.Operation, 0, len(parts))
		for _, part := range parts {
			all = append(all, part)
		}
		return all
	},
	Init: func() interface{} { return 0 },
	Step: func(state, in, out interface{}) (bool, interface{}) {
		operation := in.(input)
		if operation.isRead {
			return state.(int) == operation.value, state
		}
		return true, operation.value
	},
}

func main() {
	seconds, err := strconv.ParseFloat(os.Args[1], 64)
	if err != nil {
		panic(err)
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		history := read(lines.Text())
		begun := time.Now()
		verdict := porcupine.CheckOperationsTimeout(model, history, time.Duration(seconds*float64(time.Second)))
		fmt.Printf("%s %d\n", verdict, time.Since(begun).Microseconds())
	}
}

func read(file string) []porcupine.Operation {
	bytes, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	history := make([]porcupine.Operation, len(bytes)/40)
	for i := range history {
		field := func(n int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(bytes[40*i+8*n:])) }
		history[i].Input = input{int(field(0)), field(1) == 1, int(field(2))}
		history[i].Call = int64(field(3) * 1e9)
		history[i].Return = math.MaxInt64
		if completed := field(4); !math.IsInf(completed, 1) {
			history[i].Return = int64(completed * 1e9)
		}
	}
	return history
}
