from pipelines.ingest.stage import main

raise SystemExit(main())
