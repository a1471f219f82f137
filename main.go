// Command docspace_exporter exports the health of the webhooks of an ONLYOFFICE DocSpace portal to
// Prometheus.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // the image has no time zone database

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/oklog/run"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/docspace-exporter/docspace_exporter/collector"
	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

const (
	program = "docspace_exporter"
	// keyVariable is the one setting that is no flag: a flag would show the key in the process list.
	keyVariable = "DOCSPACE_API_KEY"
)

type flags struct {
	configFile          string
	configCheck         bool
	url, apiKeyFile     string
	caFile              string
	settings            docspace.PortalSettings // of the portal, or what the file does not say of its portals
	demo, pprof         bool
	telemetryPath       string
	timeoutOffset       time.Duration
	maxRequests         int
	noExporterMetrics   bool
	logLevel, logFormat string
	web                 *web.FlagConfig
	portal              string // of check
	json                bool   // of check
}

func main() {
	app, f := newApp()
	if chosen(app) == "check" { // whose exit code 1 is for webhooks, and not for mistakes in how it is called
		app.Terminate(func(code int) { os.Exit(code * int(collector.Unreadable)) })
	}
	command, err := app.Parse(os.Args[1:])
	app.FatalIfError(err, "")
	switch {
	case f.configCheck:
		app.FatalIfError(checkConfig(f), "")
		_, err = fmt.Fprintln(os.Stdout, "the configuration is good")
		app.FatalIfError(err, "")
	case command == "check":
		verdict, err := check(f)
		app.FatalIfError(err, "")
		os.Exit(int(verdict))
	case command == "healthcheck":
		app.FatalIfError(collector.CheckHealth(context.Background(), f.web), "unhealthy")
		_, _ = fmt.Fprintln(os.Stdout, "healthy") // the exit code says the same
	default:
		base := collector.NewLogger(os.Stderr, f.logLevel, f.logFormat)
		signals, hangUps := make(chan os.Signal, 2), make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		signal.Notify(hangUps, syscall.SIGHUP) // to the end of the process, which it would end
		ctx := collector.EndOnSignal(context.Background(), signals, timed(base), os.Exit)
		app.FatalIfError(serve(ctx, f, base, hangUps), "")
	}
}

func newApp() (*kingpin.Application, *flags) {
	f := &flags{}
	app := kingpin.New(program, "Prometheus exporter for the health of the webhooks of an ONLYOFFICE DocSpace portal. "+
		"The portal's API key is in a file or in the variable "+keyVariable+".")
	app.Version(version.Print(program)).UsageWriter(os.Stdout).DefaultEnvars()
	app.HelpFlag.Short('h').NoEnvar()
	app.VersionFlag.NoEnvar()

	app.Flag("config.file", "File with the configuration of several portals, in place of --docspace.url. What it does not say of a portal is as the flags --docspace.* and --collector.* say.").
		PlaceHolder("FILE").StringVar(&f.configFile)
	app.Flag("config.check", "Validate the whole configuration, the files that it names included, and exit.").BoolVar(&f.configCheck)
	app.Flag("docspace.url", "URL of the portal.").Envar("DOCSPACE_URL").PlaceHolder("URL").StringVar(&f.url)
	app.Flag("docspace.api-key-file", "File that holds the portal's API key. It is read again at each request.").
		Envar("DOCSPACE_API_KEY_FILE").PlaceHolder("FILE").StringVar(&f.apiKeyFile)
	app.Flag("docspace.ca-file", "File with the certificate authorities that the portal's certificate is verified against, in PEM format; replaces those of the system.").
		PlaceHolder("FILE").StringVar(&f.caFile)
	app.Flag("docspace.timeout", "Scrape timeout used when Prometheus sends no timeout header.").Default("10s").DurationVar(&f.settings.Timeout)
	app.Flag("docspace.min-interval", "Scrapes of a portal within this time after a complete fetch share its result; 0 fetches at each scrape.").
		Default("2s").DurationVar(&f.settings.MinInterval)
	app.Flag("docspace.time-zone", "Time zone of the portal, an IANA name; auto: the one that its settings name.").
		Default("auto").StringVar(&f.settings.TimeZone)
	app.Flag("docspace.auto-disable-after", "How long the portal lets a webhook fail before it switches it off (webhooks:trusteddayscount of its server).").
		Default("72h").DurationVar(&f.settings.AutoDisableAfter)
	app.Flag("docspace.max-response-size", "Greatest size of one answer of the portal, after decompression.").
		Default("64MiB").BytesVar(&f.settings.MaxResponseSize)
	app.Flag("collector.webhooks", "Export the list of webhooks.").Default("true").BoolVar(&f.settings.Collectors.Webhooks)
	app.Flag("collector.triggers", "Export the list of triggers.").Default("true").BoolVar(&f.settings.Collectors.Triggers)
	app.Flag("collector.deliveries", "Export the delivery log.").Default("true").BoolVar(&f.settings.Collectors.Deliveries)
	app.Flag("collector.deliveries.stuck-after", "How long a delivery may be pending before it is stuck. DocSpace's longest run of retries takes 631s.").
		Default("15m").DurationVar(&f.settings.Deliveries.StuckAfter)
	app.Flag("collector.deliveries.lookback", "How long pending deliveries are looked at.").Default("24h").DurationVar(&f.settings.Deliveries.Lookback)
	app.Flag("collector.deliveries.max-pages", "Pages of 100 rows of the delivery log that one scrape may read.").
		Default("50").IntVar(&f.settings.Deliveries.MaxPages)
	app.Flag("demo", "Scrape a simulated portal, which needs nothing else.").BoolVar(&f.demo)

	f.web = kingpinflag.AddFlags(app, ":10056")
	app.Flag("web.telemetry-path", "Path under which metrics are served.").Default("/metrics").StringVar(&f.telemetryPath)
	app.Flag("web.enable-pprof", "Serve profiles of the process under /debug/pprof/.").BoolVar(&f.pprof)
	app.Flag("web.timeout-offset", "Offset to subtract from the Prometheus scrape timeout.").
		Default("0.5s").DurationVar(&f.timeoutOffset)
	app.Flag("web.max-requests", "Maximum number of parallel scrape requests, for each target of /probe separately. Use 0 to disable.").
		Default("40").IntVar(&f.maxRequests)
	app.Flag("web.disable-exporter-metrics", "Exclude metrics about the exporter itself (promhttp_*, process_*, go_*).").
		BoolVar(&f.noExporterMetrics)
	app.Flag("log.level", "Least severity that is logged.").Default("info").EnumVar(&f.logLevel, "debug", "info", "warn", "error")
	app.Flag("log.format", "Format of the log.").Default("logfmt").EnumVar(&f.logFormat, "logfmt", "json")
	addCommands(app, f)
	return app, f
}

// addCommands adds what the exporter can do.
func addCommands(app *kingpin.Application, f *flags) {
	app.Command("serve", "Serve metrics. This is the default.").Default()
	check := app.Command("check", "Ask the portal once and print how it and its webhooks are, and what to do. "+
		"Exit code: 0 healthy, 1 a webhook needs attention, 2 the portal cannot be read.")
	check.Flag("portal", "Name of the only portal to check.").PlaceHolder("NAME").StringVar(&f.portal)
	check.Flag("json", "Print JSON.").BoolVar(&f.json)
	app.Command("healthcheck", "Ask the exporter that runs with the same flags on this machine whether it serves. Exit code: 0 or 1.")
}

// serve runs the exporter until ctx is done. It reloads at each of the signals.
func serve(ctx context.Context, f *flags, base log.Logger, hangUps <-chan os.Signal) error {
	logger := timed(base)
	e, err := newExporter(ctx, f, logger)
	if err != nil {
		return err
	}
	defer e.portals.Close()
	level.Info(logger).Log("msg", "starting "+program, "version", version.Info(), "build", version.BuildContext())
	limitMemory(logger)

	var group run.Group
	group.Add(run.ContextHandler(ctx))
	watching, stopWatching := context.WithCancel(ctx)
	group.Add(func() error { return e.reloader.Watch(watching, hangUps) }, func(error) { stopWatching() })
	server := collector.NewServer(e.handler, f.web, base)
	group.Add(server.Run, server.Stop)
	if e.demo != nil { // the last, so that it goes on until the server has stopped
		group.Add(e.demo.Run, e.demo.Stop)
	}
	err = group.Run()
	if ctx.Err() != nil {
		level.Info(logger).Log("msg", "stopped", "reason", context.Cause(ctx))
		return nil
	}
	return err
}

// exporter is what serve serves.
type exporter struct {
	portals  *collector.Portals
	reloader *collector.Reloader
	handler  http.Handler
	demo     *simulator.DemoServer // nil without --demo
}

// newExporter loads the configuration. Its caller must close the portals.
func newExporter(ctx context.Context, f *flags, logger log.Logger) (*exporter, error) {
	if err := web.Validate(*f.web.WebConfigFile); err != nil {
		return nil, fmt.Errorf("web configuration: %w", err)
	}
	metrics := collector.NewExporter()
	if !f.noExporterMetrics {
		metrics.AddProcessMetrics()
	}
	e := &exporter{portals: collector.NewPortals(metrics, logger, time.Now)}
	e.reloader = collector.NewReloader(f.file(), e.portals)
	var err error
	if e.demo, err = f.load(ctx, e.reloader, e.portals); err != nil {
		return nil, err
	}
	limits := collector.Limits{Timeout: f.settings.Timeout, Offset: f.timeoutOffset, MaxRequests: f.maxRequests}
	routes := collector.Routes{
		MetricsPath: f.telemetryPath,
		Status:      collector.LimitRequests(collector.StatusHandler(e.portals.All, logger), f.maxRequests),
		Reload:      e.reloader,
		Pprof:       f.pprof,
	}
	if f.configFile == "" {
		routes.Metrics = collector.MetricsHandler(metrics, e.portals.All()[0].Portal, limits, logger)
	} else {
		routes.Metrics = collector.MetricsHandler(metrics, nil, limits, logger)
		routes.Probe = collector.ProbeHandler(e.portals, limits, logger)
		routes.Discovery = collector.DiscoveryHandler(e.portals)
	}
	e.handler, err = routes.Handler()
	return e, err
}

// checkConfig loads the whole configuration and the files that it names.
func checkConfig(f *flags) error {
	e, err := newExporter(context.Background(), f, log.NewNopLogger())
	if err != nil {
		return err
	}
	defer e.portals.Close()
	return e.portals.CheckFiles()
}

// timed is the logger of all but the web server, which adds time and caller itself.
func timed(base log.Logger) log.Logger {
	return log.With(base, "ts", log.DefaultTimestampUTC, "caller", log.DefaultCaller)
}

// memoryRatio is the share of the container's memory limit that the Go runtime may use.
const memoryRatio = 0.9

// limitMemory sets the memory limit of the Go runtime to a share of the container's, unless the variable
// GOMEMLIMIT sets one.
func limitMemory(logger log.Logger) {
	limit, err := memlimit.Set(memlimit.WithRatio(memoryRatio))
	switch {
	case err != nil:
		level.Debug(logger).Log("msg", "failed to read the memory limit of the container", "err", err)
	case limit < math.MaxInt64:
		level.Info(logger).Log("msg", "memory of the Go runtime is limited", "bytes", limit)
	}
}

// chosen is the command that the arguments name, even where there is a mistake in the others.
func chosen(app *kingpin.Application) string {
	parsed, _ := app.ParseContext(os.Args[1:]) // Parse tells the error
	if parsed == nil || parsed.SelectedCommand == nil {
		return ""
	}
	return parsed.SelectedCommand.FullCommand()
}

// check asks the portals once and prints how they are. Signals end it at once, as it has nothing to drain.
func check(f *flags) (collector.Verdict, error) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	portals := collector.NewPortals(collector.NewExporter(), log.NewNopLogger(), time.Now) // what is logged is printed, too
	defer portals.Close()
	demo, err := f.load(ctx, collector.NewReloader(f.file(), portals), portals)
	if err != nil {
		return collector.Unreadable, err
	}
	chosen, err := portals.Named(f.portal)
	if err != nil {
		return collector.Unreadable, fmt.Errorf("--portal: %w", err)
	}
	verdict := collector.Unreadable
	var group run.Group
	group.Add(func() (err error) {
		verdict, err = collector.Check(ctx, os.Stdout, chosen, f.json)
		return err
	}, func(error) { stop() })
	if demo != nil {
		group.Add(demo.Run, demo.Stop)
	}
	err = group.Run()
	return verdict, err
}

// load puts the configuration to use: that of the file, or the one portal of the flags. It returns the
// simulated portal, whose Run the caller must call; nil without --demo.
func (f *flags) load(ctx context.Context, reloader *collector.Reloader, portals *collector.Portals) (*simulator.DemoServer, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.configFile != "" {
		return nil, reloader.Reload()
	}
	cfg, err := f.portalConfig()
	if err != nil {
		return nil, err
	}
	var demo *simulator.DemoServer
	if f.demo {
		if demo, err = simulator.ListenDemo(ctx); err != nil {
			return nil, err
		}
		cfg.URL = demo.URL()
	}
	config, err := docspace.OnePortal(collector.DefaultPortal, cfg, f.settings)
	if err != nil {
		return nil, err
	}
	return demo, portals.Apply(config)
}

// portalConfig is what the flags say of the portal; the demo's URL is not known yet.
func (f *flags) portalConfig() (docspace.Config, error) {
	cfg := docspace.Config{URL: f.url, UserAgent: userAgent()}
	key := os.Getenv(keyVariable)
	switch {
	case f.demo && (f.url != "" || f.apiKeyFile != ""):
		return cfg, errors.New("--demo scrapes a simulated portal: leave --docspace.url (DOCSPACE_URL) and --docspace.api-key-file (DOCSPACE_API_KEY_FILE) out")
	case f.demo && f.caFile != "":
		return cfg, errors.New("--demo scrapes a simulated portal: leave --docspace.ca-file out")
	case f.demo:
		cfg.HTTPClientConfig = docspace.KeyFromValue(simulator.DefaultKey)
	case f.url == "":
		return cfg, errors.New("no portal: give --docspace.url (DOCSPACE_URL), --config.file for several, or --demo for a simulated one")
	case f.apiKeyFile != "" && key != "":
		return cfg, errors.New("two API keys: give either --docspace.api-key-file (DOCSPACE_API_KEY_FILE) or " + keyVariable)
	case f.apiKeyFile != "":
		cfg.HTTPClientConfig = docspace.KeyFromFile(f.apiKeyFile)
	case key != "":
		cfg.HTTPClientConfig = docspace.KeyFromValue(key)
	default:
		return cfg, errors.New("no API key: give --docspace.api-key-file (DOCSPACE_API_KEY_FILE) or " + keyVariable)
	}
	cfg.HTTPClientConfig.TLSConfig.CAFile = f.caFile
	return cfg, nil
}

func userAgent() string { return program + "/" + cmp.Or(version.Version, "unknown") }

// file is the configuration file; the flags are what it need not say.
func (f *flags) file() docspace.File {
	return docspace.File{
		Path: f.configFile, Defaults: f.settings, ReservedLabels: collector.ReservedLabels(), UserAgent: userAgent(),
	}
}

// check refuses values that make no sense, and flags of one portal beside a file of several.
func (f *flags) check() error {
	var errs []error
	for key, must := range f.settings.Mistakes() {
		errs = append(errs, fmt.Errorf("%s %s", flagOf(key), must))
	}
	if f.timeoutOffset < 0 {
		errs = append(errs, errors.New("--web.timeout-offset must not be negative"))
	}
	if f.maxRequests < 0 {
		errs = append(errs, errors.New("--web.max-requests must not be negative"))
	}
	for _, c := range []struct {
		setting string
		given   bool
	}{
		{"--demo", f.demo},
		{"--docspace.url (DOCSPACE_URL)", f.url != ""},
		{"--docspace.api-key-file (DOCSPACE_API_KEY_FILE)", f.apiKeyFile != ""},
		{"--docspace.ca-file", f.caFile != ""},
		{keyVariable, os.Getenv(keyVariable) != ""},
	} {
		if f.configFile != "" && c.given {
			errs = append(errs, fmt.Errorf("--config.file says which portals there are: leave %s out", c.setting))
		}
	}
	return errors.Join(errs...)
}

// flagOf is the flag that says what a key of the file says.
func flagOf(key string) string {
	group := "--docspace."
	if strings.HasPrefix(key, "deliveries.") {
		group = "--collector."
	}
	return group + strings.ReplaceAll(key, "_", "-")
}
