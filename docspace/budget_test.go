package docspace

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestBudget_LargestGivesWay(t *testing.T) {
	t.Parallel()
	b := NewBudget(100)
	aborted := false
	large := b.reader(strings.NewReader(strings.Repeat("x", 80)), func() { aborted = true })
	small := b.reader(strings.NewReader(strings.Repeat("x", 40)), func() { t.Error("the small one was aborted") })
	if n, err := io.CopyN(io.Discard, large, 70); n != 70 || err != nil {
		t.Fatalf("read %d, %v", n, err)
	}
	if n, err := io.Copy(io.Discard, small); n != 40 || err != nil {
		t.Errorf("small: read %d, %v", n, err)
	}
	if _, err := large.Read(make([]byte, 1)); !errors.Is(err, errTooLarge) || !aborted {
		t.Errorf("large: %v, aborted %t", err, aborted)
	}
	large.close()
	small.close()
	if b.left != 100 || len(b.open) != 0 {
		t.Errorf("%d left, %d open", b.left, len(b.open))
	}
}

func TestBudget_DoesNotBoundOneAlone(t *testing.T) {
	t.Parallel()
	b := NewBudget(10)
	r := b.reader(strings.NewReader(strings.Repeat("x", 50)), func() { t.Error("aborted") })
	if n, err := io.Copy(io.Discard, r); n != 50 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
	r.close()
	if b.left != 10 {
		t.Errorf("%d left", b.left)
	}
}

func TestBudget_WhoeverExceedsItAsTheLargestFails(t *testing.T) {
	t.Parallel()
	b := NewBudget(10)
	other := b.reader(strings.NewReader("x"), func() { t.Error("the other was aborted") })
	defer other.close()
	r := b.reader(strings.NewReader(strings.Repeat("x", 50)), func() {})
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, errTooLarge) {
		t.Error(err)
	}
	r.close()
	if b.left != 10 {
		t.Errorf("%d left", b.left)
	}
}
