from pipelines.scenes.stage import main

raise SystemExit(main())
