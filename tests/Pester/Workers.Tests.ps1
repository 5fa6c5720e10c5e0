BeforeAll {
    . "$PSScriptRoot/Setup.ps1"

    function Add-Crowded([hashtable] $Limit) {
        # A host of its own for each sentence: this machine, with a root that nobody else uses.
        $name = "crowded-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
        Add-DispatchHost $name local -Transport Local -WorkspaceRoot "$Sandbox/$name" @Limit
        $name
    }
}
AfterAll { Clear-Sandbox }

Describe 'A limit of the workers of a host' {
    It 'is kept in the inventory, shown, changed and taken away' {
        $added = Add-DispatchHost lim lim.example.com -MaxWorkers 4 -MemoryPerWorker 2GB -MemoryReserve '1 GB' -StartInterval 10s -PassThru
        $added.MaxWorkers, $added.MemoryPerWorker, $added.MemoryReserve, $added.StartInterval | Should -Be 4, 2GB, 1GB, ([timespan] '0:00:10')
        (Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE | ConvertFrom-Json).hosts.lim.workerLimit.maxWorkers | Should -Be 4
        Set-DispatchHost lim -MaxWorkers 2 -MemoryReserve 0
        $changed = Get-DispatchHost lim
        "$($changed.WorkerLimit)" | Should -Be 'at most 2 workers, 2 GiB for each, 10s between starts'
        Set-DispatchHost lim -MaxWorkers 0 -MemoryPerWorker 0 -StartInterval 0
        "$((Get-DispatchHost lim).WorkerLimit)" | Should -BeNullOrEmpty
        (Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE | ConvertFrom-Json).hosts.lim.PSObject.Properties.Name | Should -Not -Contain 'workerLimit'
    }

    It 'goes out as CSV and objects and comes in again' {
        Add-DispatchHost lim lim.example.com -MaxWorkers 4 -MemoryPerWorker 2GB -StartInterval 1m30s -Force
        Export-DispatchHost "$Sandbox/lim.csv" -Name lim -Force
        Remove-DispatchHost lim -Force
        Import-DispatchHost "$Sandbox/lim.csv"
        "$((Get-DispatchHost lim).WorkerLimit)" | Should -Be 'at most 4 workers, 2 GiB for each, 1m 30s between starts'
        $before = Get-DispatchHost lim
        Remove-DispatchHost lim -Force
        $before | Add-DispatchHost
        (Get-DispatchHost lim).WorkerLimit | Should -Be $before.WorkerLimit
    }

    It 'is refused where it can be none' {
        { Set-DispatchHost lim -MaxWorkers -1 -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        { Add-DispatchHost bad bad.example.com -StartInterval 2d -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        { Add-DispatchHost bad bad.example.com -MemoryPerWorker much } | Should -Throw
    }
}

Describe 'A task for a host without room' -Tag Local {
    It 'waits with its reason, and a watch starts it when there is room' {
        $name = Add-Crowded @{ MaxWorkers = 1 }
        $gate = New-Gate
        $first = Invoke-RemoteTask $gate.Wait $name
        $task = Invoke-RemoteTask 'echo came' $name
        $task.State | Should -Be 'Pending'
        $task.IsWaiting | Should -BeTrue
        $task.Reason | Should -Be "waits: 1 of 1 workers run on $name; started by Watch-RemoteTask, 'rdispatch watch'"
        (Get-RemoteTask -State Pending -HostName $name).Id | Should -Be $task.Id
        (Get-RemoteTask $task.Id).Reason | Should -Match 'started by Watch-RemoteTask'
        Get-RemoteTaskLog $task | Should -BeNullOrEmpty
        $gate.Open()
        $null = Wait-RemoteTask $first
        $changes = Watch-RemoteTask -HostName $name -UntilEnded
        ($changes | Where-Object Kind -EQ Ended).Id | Should -Contain $task.Id
        Get-RemoteTaskLog $task -Raw | Should -Be 'came'
    }

    It 'is started by whoever waits for it, in the order of the dispatch' {
        $name = Add-Crowded @{ MaxWorkers = 1 }
        $file = New-FileName
        $tasks = 1..5 | ForEach-Object { Invoke-RemoteTask "echo $_ >>'$file'" $name }
        ($tasks | Wait-RemoteTask).State | Should -Be (@('Succeeded') * 5)
        Get-Content $file | Should -Be '1', '2', '3', '4', '5'
        Invoke-RemoteTask 'sleep 1' $name | Out-Null
        (Invoke-RemoteTask 'echo waited' $name -Wait 6>$null).State | Should -Be 'Succeeded'
        $job = 1..3 | ForEach-Object { Invoke-RemoteTask 'sleep 0.2' $name -AsJob }
        ($job | Receive-Job -Wait -AutoRemoveJob).State | Should -Be (@('Succeeded') * 3)
    }

    It 'is taken out of the line by a stop and by a removal' {
        $name = Add-Crowded @{ MaxWorkers = 1 }
        $gate = New-Gate
        $first = Invoke-RemoteTask $gate.Wait $name
        $stopped = Invoke-RemoteTask 'true' $name
        $removed = Invoke-RemoteTask 'true' $name
        $ended = Stop-RemoteTask $stopped -PassThru -Force
        $ended.State, $ended.Reason | Should -Be 'Stopped', 'taken out of the line before it was started'
        Remove-RemoteTaskWorkspace $removed -Confirm:$false
        Get-RemoteTask $removed.Id -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $gate.Open()
        $null = Wait-RemoteTask $first
        Watch-RemoteTask -Once | Where-Object Id -In $stopped.Id, $removed.Id | Where-Object Kind -EQ Started | Should -BeNullOrEmpty
        Test-Path "$Sandbox/$name/$($stopped.Id)" | Should -BeFalse
    }

    It 'is refused with a secret that nobody else has, unless somebody stays for it' {
        $name = Add-Crowded @{ MaxWorkers = 1 }
        $gate = New-Gate
        $first = Invoke-RemoteTask $gate.Wait $name
        $secret = @{ ONLY_HERE = ConvertTo-SecureString 'topsecret' -AsPlainText }
        $null = Invoke-RemoteTask 'true' $name -Credential $secret -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'HostBusy,*'
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceBusy'
        $failed[0].Exception.Message | Should -Match 'ONLY_HERE'
        $job = Invoke-RemoteTask 'printf %s "$ONLY_HERE" | wc -c' $name -Credential $secret -AsJob
        Wait-Until { Get-RemoteTask -Cached | Where-Object IsWaiting | Where-Object HostName -EQ $name }
        @(Get-ChildItem $env:REMOTE_DISPATCH_STATE_DIR -Recurse -File | Where-Object Extension -EQ '.json' | Select-String -SimpleMatch topsecret) | Should -HaveCount 0
        $gate.Open()
        ($job | Receive-Job -Wait -AutoRemoveJob).State | Should -Be 'Succeeded'
    }

    It 'has its secrets from the environment of whoever starts it' {
        $name = Add-Crowded @{ MaxWorkers = 1 }
        $gate = New-Gate
        $first = Invoke-RemoteTask $gate.Wait $name
        $env:WORKERS_PESTER_NAMED = 'by-its-name'
        $task = Invoke-RemoteTask 'printf %s "$WORKERS_PESTER_NAMED" | wc -c | tr -d " "' $name -CredentialName WORKERS_PESTER_NAMED
        $task.IsWaiting | Should -BeTrue
        Remove-Item env:WORKERS_PESTER_NAMED
        $gate.Open()
        $null = Wait-RemoteTask $first
        $null = Watch-RemoteTask -HostName $name -Once -WarningVariable warned -WarningAction SilentlyContinue
        "$warned" | Should -Match 'WORKERS_PESTER_NAMED'
        (Get-RemoteTask $task.Id).Reason | Should -Match 'WORKERS_PESTER_NAMED'
        $env:WORKERS_PESTER_NAMED = 'by-its-name'
        (Wait-RemoteTask $task).State | Should -Be 'Succeeded'
        Remove-Item env:WORKERS_PESTER_NAMED
        Get-RemoteTaskLog $task -Raw | Should -Be '11'
    }

    It 'says the limit in the plan of -WhatIf' {
        $name = Add-Crowded @{ MaxWorkers = 3; StartInterval = '5s' }
        $plan = Invoke-OtherProcess "Invoke-RemoteTask 'true' $name -WhatIf"
        $plan -join ' ' | Should -Match 'waiting for room where the host has none \(at most 3 workers, 5s between starts\)'
    }
}
