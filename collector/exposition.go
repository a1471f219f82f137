package collector

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// exposition writes metric families in the format and the compression that a request accepts.
type exposition struct {
	encoder    expfmt.Encoder
	compressor *gzip.Writer    // nil for none
	only       map[string]bool // names of the families to write; empty for all
}

// exposition returns the exposition that responds to a request. It must be recycled.
func (r *renderer) exposition(w http.ResponseWriter, req *http.Request) *exposition {
	format := expfmt.NegotiateAccept(req.Header, expfmt.DefaultOpenMetricsAcceptedFormats()...)
	header := w.Header()
	header.Set("Content-Type", string(format))
	header.Add("Vary", "Accept")
	header.Add("Vary", "Accept-Encoding")
	x := &exposition{only: map[string]bool{}}
	for _, name := range req.URL.Query()["name[]"] {
		x.only[name] = true
	}
	body := io.Writer(w)
	if acceptsGzip(req.Header) {
		header.Set("Content-Encoding", "gzip")
		x.compressor = r.compressor(w)
		body = x.compressor
	}
	x.encoder = expfmt.NewEncoder(body, format, expfmt.WithCreatedLines())
	return x
}

// recycle takes back what an exposition borrowed.
func (r *renderer) recycle(x *exposition) {
	if x.compressor != nil {
		x.compressor.Reset(nil)
		r.compressors.Put(x.compressor)
	}
}

// acceptsGzip reports whether a request accepts a response that is compressed with gzip.
func acceptsGzip(h http.Header) bool {
	for coding := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, parameter, _ := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		quality, found := strings.CutPrefix(strings.TrimSpace(parameter), "q=")
		q, err := strconv.ParseFloat(quality, 64)
		return !found || err == nil && q > 0
	}
	return false
}

func (x *exposition) write(f *dto.MetricFamily) error {
	if len(x.only) > 0 && !x.only[f.GetName()] {
		return nil
	}
	return x.encoder.Encode(f)
}

// writeSeries writes a family and does not keep its series.
func (x *exposition) writeSeries(f *family, series []*dto.Metric) error {
	return x.write(&dto.MetricFamily{Name: &f.name, Help: &f.help, Type: f.kind.Enum(), Metric: series})
}

// end writes what a format has at its end.
func (x *exposition) end() error {
	if closer, ok := x.encoder.(expfmt.Closer); ok {
		if err := closer.Close(); err != nil {
			return err
		}
	}
	if x.compressor == nil {
		return nil
	}
	return x.compressor.Close()
}
