# What every cmdlet owes to PowerShell: errors that -ErrorAction rules, -OutVariable, splatting, -ErrorVariable, -PipelineVariable.

BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    Add-DispatchHost here local
    Add-DoubleAgent
    $done = Invoke-RemoteTask 'echo hello; rd message said' here -Id done | Wait-RemoteTask
    $script:count = 0

    # A double of GitHub; and one whose end leaves a token that nobody can revoke.
    Add-Type -Path $env:RD_PESTER_FLEET_PROGRAM
    $github, $gone = [RemoteDispatch.Fleet.GitHubDouble]::new(), [RemoteDispatch.Fleet.GitHubDouble]::new()
    function Get-App($Double) { @{ AppId = $Double::AppId; AppKey = (ConvertTo-SecureString $Double.KeyPem -AsPlainText); ApiAddress = $Double.Address } }
    $app = Get-App $github
    $goneApp = Get-App $gone
    $lost = New-DispatchToken octo/one contents:read @goneApp
    $gone.DisposeAsync().AsTask().Wait()

    # What each is given to succeed, as a table to splat; what comes of it.
    $well = @{
        'Add-DispatchHost'           = { @{ Name = "new$((++$script:count))"; Address = 'new.example.com'; Capability = 'a', 'b'; PassThru = $true } }, { $args[0].Name | Should -BeLike 'new*' }
        'Get-DispatchHost'           = { @{ Name = 'here' } }, { $args[0].Name | Should -Be 'here' }
        'Set-DispatchHost'           = { @{ Name = 'here'; Capability = 'x'; PassThru = $true } }, { "$($args[0].Capabilities)" | Should -Be 'x' }
        'Remove-DispatchHost'        = { Add-DispatchHost going going.example.com; @{ Name = 'going'; Force = $true; PassThru = $true } }, { $args[0].Name | Should -Be 'going' }
        'Test-DispatchHost'          = { @{ HostName = 'here'; ThrottleLimit = 2 } }, { $args[0].Healthy | Should -BeTrue }
        'Invoke-RemoteTask'          = { @{ Command = 'true'; ComputerName = 'here'; Environment = @{ A = 1 }; TimeLimit = '1m' } }, { $args[0].HostName | Should -Be 'here' }
        'Resume-RemoteTask'          = { @{ TaskId = (Invoke-RemoteTask -Agent double -Prompt x here | Wait-RemoteTask).Id; Prompt = 'y'; TimeLimit = '1m' } }, { $args[0].Agent.Name | Should -Be 'double' }
        'Get-RemoteTask'             = { @{ Id = 'done'; Cached = $true } }, { $args[0].Id | Should -Be 'done' }
        'Wait-RemoteTask'            = { @{ Id = $done; Timeout = '10s' } }, { $args[0].State | Should -Be 'Succeeded' }
        'Stop-RemoteTask'            = { @{ Id = (Invoke-RemoteTask 'sleep 300' here); Grace = 1; Confirm = $false; PassThru = $true } }, { $args[0].State | Should -Be 'Stopped' }
        'Get-RemoteTaskEvent'        = { @{ TaskId = 'done'; Cn = 'here'; Tail = 1; Kind = 'Message' } }, { $args[0].Text | Should -Be 'said' }
        'Send-RemoteTaskMessage'     = { @{ Id = (Invoke-RemoteTask 'rd inbox --wait 30' here); Text = 'hello'; PassThru = $true } }, { $args[0].HostName | Should -Be 'here' }
        'Get-RemoteTaskLog'          = { @{ TaskId = 'done'; Cn = 'here'; Tail = 1; Raw = $true } }, { $args[0] | Should -Be 'hello' }
        'Save-RemoteTaskLog'         = { @{ Id = 'done'; Destination = New-FileName } }, { $args[0] | Should -Exist }
        'Get-RemoteTaskWorkspace'    = { @{ Cn = 'here'; Id = 'done' } }, { $args[0].Id | Should -Be 'done' }
        'New-DispatchToken'          = { $app + @{ Repository = 'octo/one'; Permission = 'contents:read'; ExpiresIn = '10m' } }, { $args[0].Repositories | Should -Be 'octo/one' }
        'Remove-DispatchToken'       = { @{ Token = (New-DispatchToken octo/one contents:read @app); PassThru = $true } }, { $args[0].IsRevoked | Should -BeTrue }
        'Remove-RemoteTaskWorkspace' = { @{ Id = (Invoke-RemoteTask 'true' here -Wait 6>$null).Id; Confirm = $false; PassThru = $true } }, { $args[0].LogPath | Should -Exist }
    }

    # What each is given to fail, and the error's id.
    $badly = @{
        'Add-DispatchHost'           = @{ Name = 'here'; Address = 'x' }, 'HostExists'
        'Get-DispatchHost'           = @{ Name = 'nobody' }, 'HostNotFound'
        'Set-DispatchHost'           = @{ Name = 'nobody'; Capability = 'x' }, 'HostNotFound'
        'Remove-DispatchHost'        = @{ Name = 'nobody'; Force = $true }, 'HostNotFound'
        'Test-DispatchHost'          = @{ HostName = '-oProxyCommand=x' }, 'InvalidInput'
        'Invoke-RemoteTask'          = @{ Command = 'true'; HostName = '-oProxyCommand=x' }, 'InvalidInput'
        'Resume-RemoteTask'          = @{ Id = 'done'; Prompt = 'x' }, 'InvalidInput'
        'Get-RemoteTask'             = @{ Id = 'nobody' }, 'TaskNotFound'
        'Wait-RemoteTask'            = @{ Id = 'nobody' }, 'TaskNotFound'
        'Stop-RemoteTask'            = @{ Id = 'nobody'; Force = $true }, 'TaskNotFound'
        'Get-RemoteTaskEvent'        = @{ Id = 'nobody' }, 'TaskNotFound'
        'Send-RemoteTaskMessage'     = @{ Id = 'done'; Message = 'x' }, 'TaskEnded'
        'Get-RemoteTaskLog'          = @{ Id = 'nobody' }, 'TaskNotFound'
        'Save-RemoteTaskLog'         = @{ Id = 'nobody' }, 'TaskNotFound'
        'Get-RemoteTaskWorkspace'    = @{ HostName = '-oProxyCommand=x' }, 'InvalidInput'
        'New-DispatchToken'          = ($app + @{ Repository = 'octo/unknown'; Permission = 'contents:read' }), 'CredentialUnavailable'
        'Remove-DispatchToken'       = @{ Token = $lost }, 'CredentialUnavailable'
        'Remove-RemoteTaskWorkspace' = @{ Id = 'nobody'; Force = $true }, 'TaskNotFound'
    }

    function Assert-Well([string] $Name) {
        $how = & $well[$Name][0]
        $printed = & $Name @how -OutVariable kept -ErrorAction Stop 6>$null
        @($printed).Count | Should -Be 1
        @($kept).Count | Should -Be 1
        [object]::ReferenceEquals(@($kept)[0], @($printed)[0]) -or "$kept" -eq "$printed" | Should -BeTrue
        & $well[$Name][1] $printed
    }

    function Assert-Badly([string] $Name) {
        $how, $id = $badly[$Name]
        # As a rule one error, and the pipeline goes on.
        $printed = & { & $Name @how -ErrorVariable failure -ErrorAction SilentlyContinue; $script:failed = $failure; 'went on' }
        $printed | Should -Be 'went on'
        @($failed).Count | Should -Be 1
        $failed[0].FullyQualifiedErrorId | Should -BeLike "$id,RemoteDispatch.PowerShell.*Command"
        $failed[0].ErrorDetails.RecommendedAction | Should -Match '\w.*\.$'
        $failed[0].TargetObject | Should -Not -BeNullOrEmpty
        $failed[0].CategoryInfo.Category | Should -Not -Be 'NotSpecified'
        # With Stop it ends there, and is the same error.
        { & $Name @how -ErrorAction Stop; throw 'it went on' } | Should -Throw -ErrorId "$id,*"
        # With Ignore nothing is left of it.
        $error.Clear()
        & $Name @how -ErrorAction Ignore
        $error.Count | Should -Be 0
    }
}

AfterAll { Clear-Sandbox }

Describe 'Splatted, and with -OutVariable,' -Tag Local {
    It 'Add-DispatchHost does its work and leaves its output' { Assert-Well Add-DispatchHost }
    It 'Get-DispatchHost does its work and leaves its output' { Assert-Well Get-DispatchHost }
    It 'Set-DispatchHost does its work and leaves its output' { Assert-Well Set-DispatchHost }
    It 'Remove-DispatchHost does its work and leaves its output' { Assert-Well Remove-DispatchHost }
    It 'Test-DispatchHost does its work and leaves its output' { Assert-Well Test-DispatchHost }
    It 'Invoke-RemoteTask does its work and leaves its output' { Assert-Well Invoke-RemoteTask }
    It 'Resume-RemoteTask does its work and leaves its output' { Assert-Well Resume-RemoteTask }
    It 'Get-RemoteTask does its work and leaves its output' { Assert-Well Get-RemoteTask }
    It 'Wait-RemoteTask does its work and leaves its output' { Assert-Well Wait-RemoteTask }
    It 'Stop-RemoteTask does its work and leaves its output' { Assert-Well Stop-RemoteTask }
    It 'Get-RemoteTaskEvent does its work and leaves its output' { Assert-Well Get-RemoteTaskEvent }
    It 'Send-RemoteTaskMessage does its work and leaves its output' { Assert-Well Send-RemoteTaskMessage }
    It 'Get-RemoteTaskLog does its work and leaves its output' { Assert-Well Get-RemoteTaskLog }
    It 'Save-RemoteTaskLog does its work and leaves its output' { Assert-Well Save-RemoteTaskLog }
    It 'Get-RemoteTaskWorkspace does its work and leaves its output' { Assert-Well Get-RemoteTaskWorkspace }
    It 'New-DispatchToken does its work and leaves its output' { Assert-Well New-DispatchToken }
    It 'Remove-DispatchToken does its work and leaves its output' { Assert-Well Remove-DispatchToken }
    It 'Remove-RemoteTaskWorkspace does its work and leaves its output' { Assert-Well Remove-RemoteTaskWorkspace }

    It 'every cmdlet has a line above' {
        $well.Keys.Where({ (Get-Content $PSCommandPath -Raw) -notmatch "Assert-Well $_ " }) | Should -BeNullOrEmpty
    }
}

Describe 'Where it fails, as -ErrorAction says,' -Tag Local {
    It 'Add-DispatchHost makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Add-DispatchHost }
    It 'Get-DispatchHost makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Get-DispatchHost }
    It 'Set-DispatchHost makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Set-DispatchHost }
    It 'Remove-DispatchHost makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Remove-DispatchHost }
    It 'Test-DispatchHost makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Test-DispatchHost }
    It 'Invoke-RemoteTask makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Invoke-RemoteTask }
    It 'Resume-RemoteTask makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Resume-RemoteTask }
    It 'Get-RemoteTask makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Get-RemoteTask }
    It 'Wait-RemoteTask makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Wait-RemoteTask }
    It 'Stop-RemoteTask makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Stop-RemoteTask }
    It 'Get-RemoteTaskEvent makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Get-RemoteTaskEvent }
    It 'Send-RemoteTaskMessage makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Send-RemoteTaskMessage }
    It 'Get-RemoteTaskLog makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Get-RemoteTaskLog }
    It 'Save-RemoteTaskLog makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Save-RemoteTaskLog }
    It 'Get-RemoteTaskWorkspace makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Get-RemoteTaskWorkspace }
    It 'New-DispatchToken makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly New-DispatchToken }
    It 'Remove-DispatchToken makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Remove-DispatchToken }
    It 'Remove-RemoteTaskWorkspace makes one error with a remedy, goes on, stops, or says nothing' { Assert-Badly Remove-RemoteTaskWorkspace }

    It 'an input that fails stops none that follows it' {
        $found = 'nobody', 'done', 'nobody-else' | Wait-RemoteTask -ErrorAction SilentlyContinue -ErrorVariable failure
        $found.Id | Should -Be 'done'
        @($failure).Count | Should -Be 2
    }

    It '-PipelineVariable and -InformationVariable work as everywhere' {
        Get-DispatchHost here -PipelineVariable at | Invoke-RemoteTask 'true' -InformationVariable said | ForEach-Object { "$($at.Name) $($_.HostName)" } | Should -Be 'here here'
        $said.Tags | Should -Contain 'success'
    }
}

Describe 'Ctrl-C' -Tag Local {
    It 'stops a removal that waits for its stop in under two seconds' {
        $task = Invoke-RemoteTask "trap '' TERM; echo deaf; while :; do sleep 0.05; done" here
        Wait-Until { Get-RemoteTaskLog $task }
        $pipeline = Start-Pipeline 'Remove-RemoteTaskWorkspace $With.Id -Force' @{ Id = $task.Id }
        Wait-Until { Test-Path "$Workspaces/$($task.Id)/stop" }
        Stop-Pipeline $pipeline | Should -BeLessThan ([timespan]'0:0:2')
        "$Workspaces/$($task.Id)" | Should -Exist
        Stop-RemoteTask $task -Grace 0 -Force
    }

    It 'stops Invoke-RemoteTask -Wait in under two seconds, and the task lives on' {
        $gate = New-Gate
        $pipeline = Start-Pipeline 'Invoke-RemoteTask $With.Command here -Id c-wait -Wait' @{ Command = $gate.Wait }
        Wait-Until { Get-RemoteTask c-wait -ErrorAction Ignore | Where-Object State -EQ Running }
        Stop-Pipeline $pipeline | Should -BeLessThan ([timespan]'0:0:2')
        (Get-RemoteTask c-wait).State | Should -Be 'Running'
        $gate.Open()
        (Wait-RemoteTask c-wait).State | Should -Be 'Succeeded'
    }

    It 'stops a test of a host that does not answer in under two seconds' -Tag Fleet {
        $pipeline = Start-Pipeline 'Test-DispatchHost 10.255.255.1'
        Stop-Pipeline $pipeline | Should -BeLessThan ([timespan]'0:0:2')
    }
}

Describe 'Jobs and runspaces' -Tag Local {
    It 'a job''s information stream has the event lines' {
        $job = Invoke-RemoteTask 'true' here -AsJob
        $null = Wait-Job $job -Timeout 30
        $job.ChildJobs.Count | Should -Be 0
        $job.Information.Tags | Should -Contain 'success'
        $job.Information.Tags | Should -Contain 'ended'
        (Receive-Job $job 6>$null).State | Should -Be 'Succeeded'
        Remove-Job $job
    }

    It 'ForEach-Object -Parallel, thread jobs and runspaces share the connections to a host' -Tag Fleet {
        Add-Fleet
        Use-NewSession
        $module = $env:RD_PESTER_MODULE
        $before = Get-ConnectionCount h2
        $codes = 1..6 | ForEach-Object -ThrottleLimit 6 -Parallel { Import-Module $using:module; (Invoke-RemoteTask "exit $_" h2 | Wait-RemoteTask -NoCollect).ExitCode }
        $jobs = 7..9 | ForEach-Object { $n = $_; Start-ThreadJob { Import-Module $using:module; (Invoke-RemoteTask "exit $using:n" h2 | Wait-RemoteTask -NoCollect).ExitCode } }
        $codes += $jobs | Wait-Job | Receive-Job
        $jobs | Remove-Job
        $codes += Start-Pipeline '(Invoke-RemoteTask "exit 10" h2 | Wait-RemoteTask -NoCollect).ExitCode' | ForEach-Object { Complete-Pipeline $_ }
        $codes | Sort-Object | Should -Be (1..10)
        # A second one where a wait took more than a second, and the host was asked to tell of the end.
        Get-ConnectionCount h2 | Should -BeLessOrEqual ($before + 2)
    }
}
