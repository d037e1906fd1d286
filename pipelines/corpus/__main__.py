from pipelines.corpus.stage import main

raise SystemExit(main())
